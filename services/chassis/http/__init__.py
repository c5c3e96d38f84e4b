"""HTTP/1.1 for ASGI applications, on the parser of Node.js: what a connection may cost is bounded
in time, bytes and number, and a request that did not arrive whole is never taken for one."""
