/* Sockets and WebSocket frames: everything between epoll and a message.
 *
 * It reads into one buffer shared by all connections and hands messages out where they lie;
 * only an unfinished frame is kept with its connection. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)
#define EVENTS 512

static int epoll_fd;
static char *buffer; /* what was left of a frame, then what was read */
static size_t buffer_size;
static uint32_t mask_key = 0x9d3c71a5; /* never 0: some servers skip unmasking for that */

void loop_open(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    buffer_size = 2 * READ_SIZE;
    buffer = malloc(buffer_size);
    if (epoll_fd < 0 || !buffer)
        die("no epoll: %s", strerror(errno));
}

static void watch(struct peer *p, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = p};
    if (epoll_ctl(epoll_fd, operation, p->fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

void peer_connect(struct peer *p)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    int one = 1;
    inet_pton(AF_INET, opt.host, &address.sin_addr);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        die("socket: %s (ulimit -n?)", strerror(errno));
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    p->state = CONNECTING;
    p->began_ns = now_ns();
    p->wants_write = true;
    if (connect(p->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        die("connect to %s:%d: %s", opt.host, opt.port, strerror(errno));
    watch(p, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

void peer_lost(struct peer *p, const char *why, size_t size)
{
    if (p->state == LOST)
        return;
    p->state = LOST;
    tally.lost++;
    note_error(why, size);
    close(p->fd);
    free(p->left);
    free(p->out);
    p->left = p->out = NULL;
    p->left_size = p->out_size = 0;
}

void peer_write(struct peer *p, const void *bytes, size_t size)
{
    ssize_t taken = 0;
    if (p->state == LOST)
        return;
    if (!p->out_size) {
        taken = send(p->fd, bytes, size, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) {
            peer_lost(p, "send failed", 11);
            return;
        }
        if (taken < 0)
            taken = 0;
    }
    if ((size_t)taken == size)
        return;
    size_t more = size - (size_t)taken;
    p->out = realloc(p->out, p->out_size + more);
    if (!p->out)
        die("out of memory");
    memcpy(p->out + p->out_size, (const char *)bytes + taken, more);
    p->out_size += more;
    if (!p->wants_write) {
        p->wants_write = true;
        watch(p, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
}

static void write_frame(struct peer *p, unsigned opcode, const char *body, size_t size)
{
    static char frame[1 << 20];
    size_t head = 2;
    if (size + 14 > sizeof frame)
        die("a message of %zu bytes is too long", size);
    frame[0] = (char)(0x80 | opcode);
    if (size < 126) {
        frame[1] = (char)(0x80 | size);
    } else if (size < 65536) {
        frame[1] = (char)(0x80 | 126);
        frame[2] = (char)(size >> 8);
        frame[3] = (char)size;
        head = 4;
    } else {
        frame[1] = (char)(0x80 | 127);
        for (unsigned i = 0; i < 8; i++)
            frame[2 + i] = (char)(size >> (56 - 8 * i));
        head = 10;
    }
    mask_key = mask_key * 1664525u + 1013904223u;
    uint32_t key = mask_key | 0x01010101;
    memcpy(frame + head, &key, 4);
    char *to = frame + head + 4;
    size_t i = 0;
    for (; i + 4 <= size; i += 4) {
        uint32_t word;
        memcpy(&word, body + i, 4);
        word ^= key;
        memcpy(to + i, &word, 4);
    }
    for (; i < size; i++)
        to[i] = (char)(body[i] ^ (char)(key >> (8 * (i & 3))));
    peer_write(p, frame, head + 4 + size);
}

void peer_send_text(struct peer *p, const char *text, size_t size)
{
    write_frame(p, 1, text, size);
}

/* The handshake's answer; returns how much of it was used, 0 while it is not whole. */
static size_t take_upgrade(struct peer *p, char *bytes, size_t size)
{
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (size < 12 || memcmp(bytes + 9, "101", 3) != 0) {
        peer_lost(p, bytes, size < 200 ? size : 200);
        return size;
    }
    on_upgraded(p);
    return (size_t)(end + 4 - bytes);
}

/* One HTTP response with a Content-Length; returns its size, 0 while it is not whole. */
static size_t take_response(struct peer *p, char *bytes, size_t size, uint64_t now)
{
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    *end = 0;
    char *length = strcasestr(bytes, "\ncontent-length:");
    *end = '\r';
    if (!length) {
        peer_lost(p, "a response without Content-Length", 33);
        return size;
    }
    size_t body = strtoul(length + 16, NULL, 10), head = (size_t)(end + 4 - bytes);
    if (size < head + body)
        return 0;
    if (memcmp(bytes + 9, "200", 3) != 0)
        note_error(end + 4, body);
    drive_answered(p, now);
    return head + body;
}

/* One frame; returns its size, 0 while it is not whole. */
static size_t take_frame(struct peer *p, char *bytes, size_t size, uint64_t now)
{
    if (size < 2)
        return 0;
    unsigned first = (unsigned char)bytes[0];
    uint64_t body = (unsigned char)bytes[1];
    size_t head = 2;
    if (body & 0x80) {
        peer_lost(p, "a masked frame from the server", 30);
        return size;
    }
    if (body >= 126) {
        unsigned wide = body == 126 ? 2 : 8;
        if (size < 2 + wide)
            return 0;
        body = 0;
        for (unsigned i = 0; i < wide; i++)
            body = body << 8 | (unsigned char)bytes[2 + i];
        head += wide;
    }
    if (size < head + body)
        return 0;
    tally.now.bytes += head + body;
    if (first == 0x81)
        on_message(p, bytes + head, body, now);
    else if (first == 0x89)
        write_frame(p, 10, bytes + head, body);
    else if (first != 0x8a)
        peer_lost(p, first == 0x88 ? "closed by the server" : "a frame of an unknown kind",
                  first == 0x88 ? 20 : 26);
    return head + body;
}

static void take(struct peer *p, char *bytes, size_t size, uint64_t now)
{
    size_t at = 0;
    while (at < size && p->state != LOST) {
        size_t used;
        if (p->state == UPGRADING)
            used = take_upgrade(p, bytes + at, size - at);
        else if (p->http)
            used = take_response(p, bytes + at, size - at, now);
        else
            used = take_frame(p, bytes + at, size - at, now);
        if (!used)
            break;
        at += used;
    }
    if (p->state == LOST)
        return;
    size_t left = size - at;
    if (left) {
        if (left > buffer_size - READ_SIZE) {
            buffer_size = left + 2 * READ_SIZE; /* a snapshot may be long */
        }
        char *kept = malloc(left);
        if (!kept)
            die("out of memory");
        memcpy(kept, bytes + at, left);
        p->left = kept;
        p->left_size = left;
    }
}

static void on_readable(struct peer *p)
{
    static size_t allocated = 2 * READ_SIZE;
    if (allocated < buffer_size) {
        buffer = realloc(buffer, buffer_size);
        if (!buffer)
            die("out of memory");
        allocated = buffer_size;
    }
    size_t before = p->left_size;
    if (before) {
        memcpy(buffer, p->left, before);
        free(p->left);
        p->left = NULL;
        p->left_size = 0;
    }
    ssize_t got = recv(p->fd, buffer + before, READ_SIZE, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        got = 0;
    else if (got <= 0) {
        peer_lost(p, got ? strerror(errno) : "ended by the server", got ? strlen(strerror(errno)) : 19);
        return;
    }
    take(p, buffer, before + (size_t)got, now_ns());
}

static void begin(struct peer *p)
{
    char request[512];
    if (p->http) {
        p->state = JOINED;
        drive_joined(p, now_ns());
        return;
    }
    p->state = UPGRADING;
    int size = snprintf(request, sizeof request,
                        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                        "Host: %s:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAA%08x==\r\n\r\n",
                        opt.host, opt.port, p->index);
    peer_write(p, request, (size_t)size);
}

static void on_writable(struct peer *p)
{
    if (p->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) {
            peer_lost(p, strerror(error), strlen(strerror(error)));
            return;
        }
        begin(p);
    }
    if (p->state == LOST)
        return;
    if (p->out_size) {
        ssize_t taken = send(p->fd, p->out, p->out_size, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) {
            peer_lost(p, "send failed", 11);
            return;
        }
        if (taken > 0) {
            p->out_size -= (size_t)taken;
            memmove(p->out, p->out + taken, p->out_size);
        }
    }
    if (!p->out_size && p->wants_write) {
        p->wants_write = false;
        free(p->out);
        p->out = NULL;
        watch(p, EPOLLIN, EPOLL_CTL_MOD);
    }
}

void loop_once(uint64_t until_ns)
{
    struct epoll_event events[EVENTS];
    uint64_t now = now_ns(), wait = until_ns > now ? until_ns - now : 0;
    struct timespec limit = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
    int ready = epoll_pwait2(epoll_fd, events, EVENTS, &limit, NULL);
    for (int i = 0; i < ready; i++) {
        struct peer *p = events[i].data.ptr;
        if (p->state != LOST && events[i].events & EPOLLOUT)
            on_writable(p);
        if (p->state != LOST && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            on_readable(p);
    }
}
