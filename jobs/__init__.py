"""Work that happens by itself: the worker runs what was enqueued, the clock enqueues what is due."""
