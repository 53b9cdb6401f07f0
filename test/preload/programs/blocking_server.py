# python3 blocking_server.py PORT: accept() that waits in the kernel, a thread for each connection.
import os
import socket
import sys
import threading


def answer(connection):
    with connection:
        connection.recv(4096)
        body = str(os.getpid()).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
