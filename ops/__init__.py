"""Tools for whoever builds and runs it; never deployed."""
