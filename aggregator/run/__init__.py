"""Drive the pipeline: the daemon and its web server."""
