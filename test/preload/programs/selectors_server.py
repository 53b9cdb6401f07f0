# python3 selectors_server.py PORT: one loop of its own over `selectors`, as uvicorn's without asyncio.
import os
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2048)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            try:
                connection = listener.accept()[0]
            except BlockingIOError:
                continue
            selector.register(connection, selectors.EVENT_READ)
        else:
            key.fileobj.recv(4096)
            body = str(os.getpid()).encode()
            key.fileobj.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            selector.unregister(key.fileobj)
            key.fileobj.close()
