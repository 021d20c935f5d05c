/* The load generator's words, shared by its files.
 *
 * One thread, one epoll. `peer` is one connection: a receiver counts events, a producer sends
 * them, over Socket.IO or as HTTP requests. `batch` b carries items b*B .. b*B+B-1; each item
 * has a number that says its call and its place in that call, so that the receiver finds gaps. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_JOINS 8
#define MAX_STEPS 16
#define MAX_PIDS 8
#define MARK '#' /* begins the number and the time in an event's text */

/* --- stats.c ------------------------------------------------------------------------------ */

#define SUB_BITS 7 /* 128 steps a power of two: values are kept to 0.8 % */
#define BUCKETS ((64 - SUB_BITS + 1) << SUB_BITS)

struct histogram {
    uint64_t count, max;
    double sum;
    uint64_t buckets[BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value_ns);
double histogram_us(const struct histogram *h, double share); /* share 0.5 is the median */
void histogram_print(const char *name, const struct histogram *h);

uint64_t now_ns(void);
double own_cpu_s(void);
double process_cpu_s(int pid); /* user + system; 0 when the process is gone */
long process_rss_kib(int pid);
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void print_json_string(const char *text);

/* --- options ------------------------------------------------------------------------------ */

struct watched {
    char name[32];
    int pid;
};

struct options {
    const char *host;
    int port;
    int receivers, calls, producers, window, batch, text_bytes, concurrency;
    double rate, warmup_s, seconds, drain_s;
    int nap_us; /* between looks at the sockets, so that the server pays for no wake-up of ours */
    bool ack;
    const char *auth, *joins[MAX_JOINS], *event, *item, *name;
    const char *producer_auth, *producer_joins[MAX_JOINS];
    int joins_count, producer_joins_count;
    const char *http_path, *http_token; /* producers are HTTP connections */
    const char *call_prefix; /* a call's id is this and its number */
    char **tokens, **agents; /* of receivers */
    int tokens_count;
    int steps[MAX_STEPS], steps_count; /* hold at so many receivers until a line on stdin */
    int storm, storm_calls;
    struct watched watched[MAX_PIDS];
    int watched_count;
};

extern struct options opt;

/* --- peer.c: sockets, WebSocket frames ---------------------------------------------------- */

enum role { RECEIVER, PRODUCER, STORM };
enum state { IDLE, CONNECTING, UPGRADING, OPENING, JOINING, JOINED, LOST };

struct peer {
    int fd;
    uint8_t role, state, join_step;
    bool http, wants_write, busy; /* busy: an HTTP request is under way */
    uint32_t index, call;
    uint32_t next_ack;     /* id of the next command sent with an acknowledgement */
    uint64_t began_ns;     /* of the handshake, then of the HTTP request */
    uint64_t next_number;  /* the item a receiver expects */
    uint64_t sent;         /* batches, of a producer */
    uint32_t in_flight;    /* batches, of a producer */
    char *left;            /* an unfinished frame or response */
    size_t left_size;
    char *out;             /* bytes the kernel did not take */
    size_t out_size;
};

void loop_open(void);
void loop_once(uint64_t until_ns); /* handle what is ready; wait for it no longer than this */
void peer_connect(struct peer *p);
void peer_lost(struct peer *p, const char *why, size_t size);
void peer_send_text(struct peer *p, const char *text, size_t size);
void peer_write(struct peer *p, const void *bytes, size_t size);

/* --- socketio.c: packets and templates ---------------------------------------------------- */

struct fill { /* what a template's {words} stand for */
    uint32_t index, call;
    const char *agent, *token, *text, *items;
    uint64_t number;
};

size_t expand(char *out, size_t room, const char *template, const struct fill *fill);
void on_upgraded(struct peer *p);
void on_message(struct peer *p, char *text, size_t size, uint64_t now);

/* --- drive.c: what is sent, what is counted ----------------------------------------------- */

struct counters {
    uint64_t batches, acks, deliveries, bytes;
};

struct tally {
    struct counters now;
    uint64_t gaps, repeats, errors, lost, joined, producers_joined, storm_joined;
    char first_error[400];
    struct histogram latency, ack_latency, storm_latency, handshake, storm_handshake;
};

extern struct tally tally;

void note_error(const char *text, size_t size);
void drive_prepare(struct peer *producers);
void drive_joined(struct peer *p, uint64_t now);
void drive_event(struct peer *p, const char *text, size_t size, uint64_t now);
void drive_acknowledged(struct peer *p, uint32_t id, uint64_t now);
void drive_answered(struct peer *p, uint64_t now); /* an HTTP response */
void drive_connected(void); /* all receivers are joined */
void drive_run(struct peer *storm);
void drive_report(void);

#endif
