# ruby tcp_server.rb PORT: TCPServer, whose accept waits with poll() beside the other threads.
require 'socket'

server = TCPServer.new('127.0.0.1', Integer(ARGV[0]))
loop do
  Thread.new(server.accept) do |connection|
    connection.readpartial(4096)
    body = Process.pid.to_s
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: #{body.size}\r\n\r\n#{body}")
    connection.close
  end
end
