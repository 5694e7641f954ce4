"""Words of the web: addresses, hosts and text. Pure; every other folder may use them."""
