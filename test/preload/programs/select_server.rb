# ruby select_server.rb PORT: IO.select and accept_nonblock, as WEBrick and Puma wait.
require 'socket'

servers = Socket.tcp_server_sockets('127.0.0.1', Integer(ARGV[0]))
loop do
  IO.select(servers)[0].each do |server|
    connection, = server.accept_nonblock(exception: false)
    next if connection == :wait_readable || connection.nil?

    connection.readpartial(4096)
    body = Process.pid.to_s
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: #{body.size}\r\n\r\n#{body}")
    connection.close
  end
end
