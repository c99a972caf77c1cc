"""Tools of the tests: proxies that break connections, and protocol faults."""
