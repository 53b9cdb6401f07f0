# python3 asyncio_server.py PORT: asyncio, which waits with epoll, on both IP versions.
import asyncio
import os
import sys


async def answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    body = str(os.getpid()).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(answer, ["127.0.0.1", "::"], int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
