"""purger deletes every build cache of a Travis CI repository through its cache page, and proves it."""

__version__ = "0.2.0"
