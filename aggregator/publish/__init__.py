"""To the web: choose and order stories, render them, and write files only when they changed."""
