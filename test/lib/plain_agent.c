/* plain_agent PORT: a healthy agent that needs nothing, to be linked statically. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
                                 "{\"status\":\"ok\",\"redis\":\"connected\"}";
    char request[4096];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    in.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 64) < 0) {
        perror("plain_agent");
        return 1;
    }
    for (;;) {
        int caller = accept(fd, NULL, NULL);
        if (caller >= 0 && read(caller, request, sizeof request) > 0 &&
            write(caller, answer, strlen(answer)) < 0)
            perror("plain_agent");
        close(caller);
    }
}
