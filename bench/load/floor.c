/* The floor: a server that does nothing but what the kernel asks of it.
 *
 * It speaks just enough Socket.IO for the relay and the acknowledgements of this benchmark, for
 * well-behaved clients only: one recv for what came, one frame made once an event, one send a
 * receiver. What it costs is what loopback TCP costs; it also shows what the load generator
 * costs when the server is not what limits. Nobody should run it for anything else. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOMS 20000
#define FDS 200000

struct room {
    int *fds, count, capacity;
};

static struct room rooms[ROOMS];
static uint8_t upgraded[FDS];
static char *left[FDS]; /* an unfinished frame */
static size_t left_size[FDS];
static char buffer[1 << 20];

static void give(int fd, const void *bytes, size_t size)
{
    /* A full socket would need a queue; the windows of the benchmark never fill one. */
    if (send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
        fprintf(stderr, "floor: a socket is full\n");
}

static size_t frame_of(char *out, const char *text, size_t size)
{
    size_t head = size < 126 ? 2 : 4;
    out[0] = (char)0x81;
    out[1] = (char)(size < 126 ? size : 126);
    if (head == 4) {
        out[2] = (char)(size >> 8);
        out[3] = (char)size;
    }
    memcpy(out + head, text, size);
    return head + size;
}

static void say(int fd, const char *text)
{
    static char out[4096];
    give(fd, out, frame_of(out, text, strlen(text)));
}

static struct room *room_in(const char *text)
{
    /* "call_id":"PREFIX-12": the number is behind the last hyphen. */
    const char *id = strstr(text, "\"call_id\":\"");
    const char *end = id ? strchr(id + 11, '"') : NULL;
    while (end && end > id && end[-1] >= '0' && end[-1] <= '9')
        end--;
    long number = end ? atol(end) : -1;
    return number >= 0 && number < ROOMS ? &rooms[number] : NULL;
}

static void join(struct room *room, int fd)
{
    if (room->count == room->capacity) {
        room->capacity = room->capacity ? 2 * room->capacity : 4;
        room->fds = realloc(room->fds, (size_t)room->capacity * sizeof *room->fds);
    }
    room->fds[room->count++] = fd;
}

static void leave_all(int fd)
{
    for (int r = 0; r < ROOMS; r++)
        for (int i = 0; i < rooms[r].count; i++)
            if (rooms[r].fds[i] == fd)
                rooms[r].fds[i--] = rooms[r].fds[--rooms[r].count];
}

static void relay(const char *text, struct room *room)
{
    static char event[16384], out[16384];
    const char *id = strstr(text, "\"call_id\":\""), *said = strstr(text, "\"text\":\"");
    if (!said)
        return;
    size_t size = (size_t)snprintf(
        event, sizeof event,
        "42[\"transcription:update\",{\"call_id\":\"%.*s\",\"speaker\":\"customer\",\"text\":\"%.*s\","
        "\"timestamp\":\"2026-01-01T00:00:00.000Z\"}]",
        (int)(strchr(id + 11, '"') - id - 11), id + 11, (int)strcspn(said + 8, "\""), said + 8);
    size = frame_of(out, event, size);
    /* FLOOR_FAULT spoils every 100th event for its first receiver: what the generator must see. */
    static const char *fault;
    static unsigned number;
    if (!fault)
        fault = getenv("FLOOR_FAULT") ? getenv("FLOOR_FAULT") : "";
    bool spoilt = *fault && ++number % 100 == 0;
    for (int i = 0; i < room->count; i++) {
        if (spoilt && !i && !strcmp(fault, "drop"))
            continue;
        give(room->fds[i], out, size);
        if (spoilt && !i && !strcmp(fault, "repeat"))
            give(room->fds[i], out, size);
        if (spoilt && !i && !strcmp(fault, "hang-up"))
            shutdown(room->fds[i], SHUT_RDWR);
    }
}

static void on_text(int fd, char *text)
{
    if (text[0] != '4')
        return;
    if (text[1] == '0') {
        say(fd, "40{\"sid\":\"floor\"}");
        return;
    }
    char *body = text + 2 + strspn(text + 2, "0123456789");
    struct room *room = room_in(body);
    if (room && strstr(body, "\"call:subscribe\""))
        join(room, fd);
    else if (room)
        relay(body, room);
    if (body > text + 2) {
        char answer[64];
        snprintf(answer, sizeof answer, "43%.*s[{\"ok\":true}]", (int)(body - text - 2), text + 2);
        say(fd, answer);
    }
}

/* One masked frame; returns its size, 0 while it is not whole. */
static size_t take_frame(int fd, unsigned char *bytes, size_t size)
{
    if (size < 6)
        return 0;
    size_t body = bytes[1] & 0x7f, head = 6;
    if (body == 126) {
        if (size < 8)
            return 0;
        body = (size_t)bytes[2] << 8 | bytes[3];
        head = 8;
    }
    if (size < head + body)
        return 0;
    unsigned char *key = bytes + head - 4, after = bytes[head + body];
    for (size_t i = 0; i < body; i++)
        bytes[head + i] ^= key[i & 3];
    bytes[head + body] = 0;
    if (bytes[0] == 0x81)
        on_text(fd, (char *)bytes + head);
    bytes[head + body] = after;
    return head + body;
}

static void hang_up(int fd)
{
    leave_all(fd);
    upgraded[fd] = 0;
    free(left[fd]);
    left[fd] = NULL;
    left_size[fd] = 0;
    close(fd);
}

static void on_readable(int fd)
{
    size_t at = 0, size = left_size[fd];
    if (size)
        memcpy(buffer, left[fd], size);
    ssize_t got = recv(fd, buffer + size, sizeof buffer / 2, MSG_DONTWAIT);
    if (got <= 0) {
        if (!got || errno != EAGAIN)
            hang_up(fd);
        return;
    }
    size += (size_t)got;
    if (!upgraded[fd]) {
        char *end = memmem(buffer, size, "\r\n\r\n", 4);
        if (!end)
            return;
        static const char SWITCH[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                     "Connection: Upgrade\r\n\r\n";
        upgraded[fd] = 1;
        give(fd, SWITCH, sizeof SWITCH - 1);
        say(fd, "0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}");
        at = (size_t)(end + 4 - buffer);
    }
    for (size_t used; (used = take_frame(fd, (unsigned char *)buffer + at, size - at)); at += used)
        ;
    free(left[fd]);
    left[fd] = NULL;
    left_size[fd] = size - at;
    if (size > at) {
        left[fd] = malloc(size - at);
        memcpy(left[fd], buffer + at, size - at);
    }
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct rlimit files;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    address.sin_port = htons((uint16_t)atoi(getenv("PORT") ? getenv("PORT") : "0"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("floor");
        return 1;
    }
    struct epoll_event ready[256], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(loop, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) {
                on_readable(fd);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0 || fd >= FDS)
                continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
