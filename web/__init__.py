"""The only package that knows Flask and gevent, and the place where everything is put together."""
