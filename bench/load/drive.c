/* What is sent and when, what comes back, and the report.
 *
 * Calls are dealt to the producers: producer p feeds the calls p, p+P, p+2P …, so that the
 * order within a call is one producer's. Closed loop: a producer has at most `window` batches
 * of which some delivery (or the acknowledgement, where asked for) is missing. At a fixed rate
 * a batch's time is when it was due, not when it left, so that a stall is not left out. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING (1u << 18) /* batches that may be unfinished at once */

struct tally tally;

static struct peer *producers;
static uint16_t *missing;     /* answers each batch of the ring still waits for */
static uint64_t *sent_at;     /* of each batch of the ring */
static uint32_t *fan_out;     /* receivers of each call */
static uint64_t begin_ns, end_ns, storm_from, storm_until;
static uint64_t first_due_ns, due; /* fixed rate: batches sent so far, in turn */
static bool sending;
static char text[8192], items[1 << 15], event[1 << 16];

struct snapshot {
    struct counters counters;
    double own_s, cpu_s[MAX_PIDS];
    uint64_t at;
};
static struct snapshot opened, closed, connected_from, connected_at;

void note_error(const char *message, size_t size)
{
    tally.errors++;
    if (!tally.first_error[0])
        snprintf(tally.first_error, sizeof tally.first_error, "%.*s", (int)size, message);
}

static void snap(struct snapshot *s)
{
    s->at = now_ns();
    s->counters = tally.now;
    s->own_s = own_cpu_s();
    for (int i = 0; i < opt.watched_count; i++)
        s->cpu_s[i] = process_cpu_s(opt.watched[i].pid);
}

void drive_prepare(struct peer *made)
{
    producers = made;
    missing = calloc(RING, sizeof *missing);
    sent_at = calloc(RING, sizeof *sent_at);
    fan_out = calloc((size_t)opt.calls, sizeof *fan_out);
    if (!missing || !sent_at || !fan_out)
        die("out of memory");
    for (int i = 0; i < opt.receivers; i++)
        fan_out[i % opt.calls]++;
    snap(&connected_from);
}

void drive_joined(struct peer *p, uint64_t now)
{
    if (p->role == RECEIVER) {
        tally.joined++;
        histogram_add(&tally.handshake, now - p->began_ns);
    } else if (p->role == STORM) {
        tally.storm_joined++;
        histogram_add(&tally.storm_handshake, now - p->began_ns);
    } else {
        tally.producers_joined++;
    }
}

/* --- sending ------------------------------------------------------------------------------ */

static const char FILLER[] =
    " so I was wondering whether the refund for the second order has been sent out yet because "
    "my bank shows nothing so far and the last person I spoke to said three working days ";

static void make_text(uint64_t number, uint64_t at)
{
    int size = snprintf(text, sizeof text, "%c%08llx%016llx", MARK, (unsigned long long)number,
                        (unsigned long long)at);
    while (size < opt.text_bytes) {
        int more = opt.text_bytes - size;
        if (more > (int)sizeof FILLER - 1)
            more = (int)sizeof FILLER - 1;
        memcpy(text + size, FILLER, (size_t)more);
        size += more;
    }
    text[size] = 0;
}

static void send_batch(struct peer *p, uint64_t at)
{
    uint32_t per_producer = (uint32_t)(opt.calls / opt.producers);
    uint32_t call = p->index + (uint32_t)opt.producers * (uint32_t)(p->sent % per_producer);
    uint64_t batch = (p->sent / per_producer) * (uint64_t)opt.calls + call;
    uint64_t first = batch * (uint64_t)opt.batch;
    struct fill fill = {.index = p->index, .call = call, .agent = "", .token = "", .text = text,
                        .items = items};
    size_t size = 0;
    for (int i = 0; i < opt.batch; i++) {
        fill.number = first + (uint64_t)i;
        make_text(fill.number, at);
        if (opt.item) {
            if (i)
                items[size++] = ',';
            size += expand(items + size, sizeof items - size, opt.item, &fill);
        }
    }
    missing[batch % RING] =
        (uint16_t)(fan_out[call] * (uint32_t)opt.batch + (opt.ack || opt.http_path ? 1 : 0));
    sent_at[batch % RING] = at;
    p->sent++;
    p->in_flight++;
    tally.now.batches++;
    if (!opt.http_path) {
        size_t head = opt.ack ? (size_t)snprintf(event, 32, "42%llu", (unsigned long long)batch)
                              : (size_t)snprintf(event, 32, "42");
        size = expand(event + head, sizeof event - head, opt.event, &fill);
        peer_send_text(p, event, head + size);
        return;
    }
    static char path[512], request[1 << 16];
    expand(path, sizeof path, opt.http_path, &fill);
    size = expand(event, sizeof event, opt.event, &fill);
    int head = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer %s\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        path, opt.host, opt.port, opt.http_token ? opt.http_token : "", size);
    if ((size_t)head + size > sizeof request)
        die("a request grows over %zu bytes", sizeof request);
    memcpy(request + head, event, size);
    p->busy = true;
    p->next_number = batch; /* the one under way */
    peer_write(p, request, (size_t)head + size);
}

static bool may_send(const struct peer *p)
{
    return p->state == JOINED && !p->busy;
}

/* Send what is due; returns when to look again. */
static uint64_t pump(uint64_t now)
{
    if (!sending)
        return UINT64_MAX;
    if (opt.rate <= 0) {
        for (int i = 0; i < opt.producers; i++)
            while (producers[i].in_flight < (uint32_t)opt.window && may_send(&producers[i]))
                send_batch(&producers[i], now_ns());
        return UINT64_MAX;
    }
    for (;;) {
        uint64_t at = first_due_ns + (uint64_t)((double)due * 1e9 / opt.rate);
        struct peer *p = &producers[due % (uint64_t)opt.producers];
        if (at > now)
            return at;
        if (!may_send(p))
            return UINT64_MAX; /* its answer wakes us */
        send_batch(p, at);
        due++;
    }
}

/* --- receiving ---------------------------------------------------------------------------- */

static uint64_t hex(const char *digits, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) {
        unsigned char c = (unsigned char)digits[i];
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static bool in_window(uint64_t at)
{
    return begin_ns && at >= begin_ns && at < end_ns;
}

static void answered(uint64_t batch)
{
    uint16_t *left = &missing[batch % RING];
    if (*left && !--*left) {
        struct peer *p = &producers[batch % (uint64_t)opt.calls % (uint64_t)opt.producers];
        p->in_flight--;
    }
}

void drive_event(struct peer *p, const char *body, size_t size, uint64_t now)
{
    const char *mark = memchr(body, MARK, size);
    if (!mark || mark + 25 > body + size) {
        note_error(body, size);
        return;
    }
    if (p->role != RECEIVER)
        return;
    uint64_t number = hex(mark + 1, 8), at = hex(mark + 9, 16);
    uint64_t batch_size = (uint64_t)opt.batch;
    if (number < p->next_number) {
        tally.repeats++;
        return;
    }
    if (number != p->next_number)
        tally.gaps++;
    p->next_number = number % batch_size == batch_size - 1
                         ? number + 1 + ((uint64_t)opt.calls - 1) * batch_size
                         : number + 1;
    tally.now.deliveries++;
    if (in_window(at)) {
        bool storming = storm_from && at >= storm_from && (!storm_until || at < storm_until);
        histogram_add(storming ? &tally.storm_latency : &tally.latency, now - at);
    }
    answered(number / batch_size);
}

static void on_ack(uint64_t batch, uint64_t now)
{
    tally.now.acks++;
    if (in_window(sent_at[batch % RING]))
        histogram_add(&tally.ack_latency, now - sent_at[batch % RING]);
    answered(batch);
}

void drive_acknowledged(struct peer *p, uint32_t id, uint64_t now)
{
    if (p->role == PRODUCER)
        on_ack(id, now);
}

void drive_answered(struct peer *p, uint64_t now)
{
    p->busy = false;
    on_ack(p->next_number, now);
}

/* --- the run ------------------------------------------------------------------------------ */

static uint64_t missing_deliveries(void)
{
    uint64_t expected = 0;
    for (int i = 0; i < opt.producers; i++) {
        uint64_t per = (uint64_t)(opt.calls / opt.producers);
        for (uint64_t c = 0; c < per; c++) {
            uint64_t batches = producers[i].sent / per + (c < producers[i].sent % per ? 1 : 0);
            expected += batches * fan_out[producers[i].index + (uint64_t)opt.producers * c];
        }
    }
    return expected * (uint64_t)opt.batch - tally.now.deliveries;
}

static bool unfinished(void)
{
    bool acked = !(opt.ack || opt.http_path) || tally.now.acks == tally.now.batches;
    return missing_deliveries() || !acked;
}

/* On loopback a sender pays for waking a receiver that sleeps on its socket, which no server
 * does for browsers far away. A timer of our own wakes us instead. */
static void nap(void)
{
    struct timespec length = {0, opt.nap_us * 1000L};
    nanosleep(&length, NULL);
}

static void run_until(uint64_t until)
{
    for (uint64_t now = now_ns(); now < until && !tally.lost; now = now_ns()) {
        uint64_t next = pump(now);
        if (opt.nap_us) {
            nap();
            loop_once(0);
        } else {
            loop_once(next < until ? next : until);
        }
    }
}

/* New connections, all at once, while the others go on. */
static void run_storm(struct peer *storm, uint64_t until)
{
    storm_from = now_ns();
    for (int i = 0; i < opt.storm; i++)
        peer_connect(&storm[i]);
    while (now_ns() < until && tally.storm_joined < (uint64_t)opt.storm && !tally.lost) {
        uint64_t next = pump(now_ns());
        loop_once(next < until ? next : until);
    }
    storm_until = now_ns();
}

void drive_connected(void)
{
    snap(&connected_at);
}

void drive_run(struct peer *storm)
{
    uint64_t start = now_ns();
    sending = true;
    first_due_ns = start;
    run_until(start + (uint64_t)(opt.warmup_s * 1e9));
    snap(&opened);
    begin_ns = opened.at;
    end_ns = begin_ns + (uint64_t)(opt.seconds * 1e9);
    if (opt.storm) {
        run_until(begin_ns + (end_ns - begin_ns) / 3);
        run_storm(storm, end_ns);
    }
    run_until(end_ns);
    snap(&closed);
    sending = false;
    uint64_t patience = now_ns() + (uint64_t)(opt.drain_s * 1e9);
    while (unfinished() && !tally.lost && now_ns() < patience)
        loop_once(patience);
}

static void print_span(const char *name, const struct snapshot *from, const struct snapshot *to)
{
    double seconds = (double)(to->at - from->at) / 1e9;
    printf("\"%s\": {\"seconds\": %.4f, \"batches\": %llu, \"deliveries\": %llu, \"acks\": %llu, "
           "\"bytes\": %llu, \"generator_cpu_s\": %.4f",
           name, seconds, (unsigned long long)(to->counters.batches - from->counters.batches),
           (unsigned long long)(to->counters.deliveries - from->counters.deliveries),
           (unsigned long long)(to->counters.acks - from->counters.acks),
           (unsigned long long)(to->counters.bytes - from->counters.bytes), to->own_s - from->own_s);
    for (int i = 0; i < opt.watched_count; i++)
        printf(", \"%s_cpu_s\": %.4f", opt.watched[i].name, to->cpu_s[i] - from->cpu_s[i]);
    printf("}, ");
}

void drive_report(void)
{
    printf("{\"receivers\": %d, \"calls\": %d, \"producers\": %d, \"batch\": %d, \"window\": %d, "
           "\"rate\": %.1f, \"joined\": %llu, \"storm_joined\": %llu, ",
           opt.receivers, opt.calls, opt.producers, opt.batch, opt.window, opt.rate,
           (unsigned long long)tally.joined, (unsigned long long)tally.storm_joined);
    print_span("connecting", &connected_from, &connected_at);
    if (closed.at)
        print_span("measured", &opened, &closed);
    if (storm_until)
        printf("\"storm_seconds\": %.4f, ", (double)(storm_until - storm_from) / 1e9);
    histogram_print("latency_us", &tally.latency);
    printf(", ");
    histogram_print("ack_latency_us", &tally.ack_latency);
    printf(", ");
    histogram_print("handshake_us", &tally.handshake);
    printf(", ");
    histogram_print("storm_latency_us", &tally.storm_latency);
    printf(", ");
    histogram_print("storm_handshake_us", &tally.storm_handshake);
    printf(", \"sent\": %llu, \"delivered\": %llu, \"missing\": %lld, \"acknowledged\": %llu, "
           "\"gaps\": %llu, \"repeats\": %llu, \"lost_connections\": %llu, \"errors\": %llu, "
           "\"first_error\": ",
           (unsigned long long)tally.now.batches * (unsigned long long)opt.batch,
           (unsigned long long)tally.now.deliveries, (long long)missing_deliveries(),
           (unsigned long long)tally.now.acks, (unsigned long long)tally.gaps,
           (unsigned long long)tally.repeats, (unsigned long long)tally.lost,
           (unsigned long long)tally.errors);
    print_json_string(tally.first_error);
    printf("}\n");
    fflush(stdout);
}
