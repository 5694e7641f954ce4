"""From the web: fetch a document, politely and safely, and parse it into what its publisher said."""
