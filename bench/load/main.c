/* The command line and the order of a run: connect, hold, drive, report one JSON object. */
#define _GNU_SOURCE
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define CONNECT_PATIENCE_NS 30000000000u

struct options opt = {
    .host = "127.0.0.1", .calls = 1, .batch = 1, .window = 32, .text_bytes = 100,
    .concurrency = 64, .warmup_s = 0.5, .seconds = 2, .drain_s = 10, .storm_calls = 1,
    .name = "transcription:update", .call_prefix = "call-",
};

static const char HELP[] =
    "load --port PORT [options]: opens Socket.IO connections over WebSocket, sends events,\n"
    "counts what arrives, prints one JSON object.\n\n"
    "  --receivers N --calls C   N connections that listen, dealt to C calls\n"
    "  --call-prefix TEXT        a call's id is this and its number\n"
    "  --auth JSON               payload of the Socket.IO CONNECT packet\n"
    "  --join JSON               an event sent with acknowledgement after it; may be repeated\n"
    "  --tokens FILE             lines `agent token`, for {agent} and {token} of receivers\n"
    "  --concurrency N           handshakes under way at once\n"
    "  --steps A,B,C             hold at so many receivers until a line comes on stdin\n\n"
    "  --producers P             connections that send; each has its own share of the calls\n"
    "  --producer-auth, --producer-join\n"
    "  --event JSON --name NAME  the event that is sent, the name of the one that arrives\n"
    "  --item JSON --batch B     what {items} in the event stands for, B times\n"
    "  --ack                     ask for an acknowledgement of each event\n"
    "  --http PATH --http-token  producers POST the event there instead\n"
    "  --window W | --rate R     unfinished events of each producer | events a second in all\n"
    "  --nap US                  sleep so long between looks instead of being woken\n"
    "  --text-bytes N            length of {text}\n"
    "  --warmup S --seconds S --drain S\n"
    "  --storm N --storm-calls K N more connections at once, a third into the run\n"
    "  --watch NAME=PID          report this process's CPU time; may be repeated\n\n"
    "Templates know {i} {call} {agent} {token} {text} {n} {items}. Times are in seconds.\n";

enum { AUTH = 256, JOIN, TOKENS, STEPS, PAUTH, PJOIN, EVENT, NAME, ITEM, ACK, HTTP, HTTP_TOKEN,
       RATE, NAP, TEXT, WARMUP, SECONDS, DRAIN, O_STORM, O_STORM_CALLS, WATCH, RECEIVERS, CALLS,
       PRODUCERS,       WINDOW, BATCH, CALL_PREFIX, CONCURRENCY, O_PORT, HELP_OPTION };

static const struct option LONG[] = {
    {"port", 1, 0, O_PORT}, {"receivers", 1, 0, RECEIVERS}, {"calls", 1, 0, CALLS}, {"call-prefix", 1, 0, CALL_PREFIX},
    {"auth", 1, 0, AUTH}, {"join", 1, 0, JOIN}, {"tokens", 1, 0, TOKENS},
    {"concurrency", 1, 0, CONCURRENCY}, {"steps", 1, 0, STEPS}, {"producers", 1, 0, PRODUCERS},
    {"producer-auth", 1, 0, PAUTH}, {"producer-join", 1, 0, PJOIN}, {"event", 1, 0, EVENT},
    {"name", 1, 0, NAME}, {"item", 1, 0, ITEM}, {"batch", 1, 0, BATCH}, {"ack", 0, 0, ACK},
    {"http", 1, 0, HTTP}, {"http-token", 1, 0, HTTP_TOKEN}, {"window", 1, 0, WINDOW},
    {"rate", 1, 0, RATE}, {"nap", 1, 0, NAP}, {"text-bytes", 1, 0, TEXT}, {"warmup", 1, 0, WARMUP},
    {"seconds", 1, 0, SECONDS}, {"drain", 1, 0, DRAIN}, {"storm", 1, 0, O_STORM},
    {"storm-calls", 1, 0, O_STORM_CALLS}, {"watch", 1, 0, WATCH}, {"help", 0, 0, HELP_OPTION},
    {0, 0, 0, 0}};

static int whole(const char *name, const char *value, int least, int most)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (*end || end == value || number < least || number > most)
        die("--%s takes a number from %d to %d, not %s", name, least, most, value);
    return (int)number;
}

static double decimal(const char *name, const char *value)
{
    char *end;
    double number = strtod(value, &end);
    if (*end || end == value || !(number >= 0))
        die("--%s takes a number that is not negative, not %s", name, value);
    return number;
}

static void read_tokens(const char *path)
{
    FILE *file = fopen(path, "r");
    static char line[20000];
    size_t room = 0;
    if (!file)
        die("--tokens: %s cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        char *blank = strchr(line, ' ');
        if (!blank)
            die("--tokens: a line is `agent token`");
        *blank = 0;
        blank[1 + strcspn(blank + 1, "\r\n")] = 0;
        if ((size_t)opt.tokens_count == room) {
            room = room ? 2 * room : 1024;
            opt.tokens = realloc(opt.tokens, room * sizeof *opt.tokens);
            opt.agents = realloc(opt.agents, room * sizeof *opt.agents);
        }
        opt.agents[opt.tokens_count] = strdup(line);
        opt.tokens[opt.tokens_count++] = strdup(blank + 1);
    }
    fclose(file);
}

static void read_steps(char *list)
{
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        if (opt.steps_count == MAX_STEPS)
            die("--steps takes %d at most", MAX_STEPS);
        opt.steps[opt.steps_count++] = whole("steps", word, 0, 1000000);
    }
}

static void read_watch(const char *value)
{
    const char *sign = strchr(value, '=');
    if (!sign || opt.watched_count == MAX_PIDS || sign - value > 31)
        die("--watch takes NAME=PID, %d times at most", MAX_PIDS);
    struct watched *one = &opt.watched[opt.watched_count++];
    snprintf(one->name, sizeof one->name, "%.*s", (int)(sign - value), value);
    one->pid = whole("watch", sign + 1, 1, 1 << 30);
}

static void add_join(const char **joins, int *count, const char *value)
{
    if (*count == MAX_JOINS)
        die("%d joins at most", MAX_JOINS);
    joins[(*count)++] = value;
}

static void read_number(int key, const char *name, const char *value)
{
    static const struct { int key; int *to; int least, most; } WHOLE[] = {
        {O_PORT, &opt.port, 1, 65535}, {RECEIVERS, &opt.receivers, 0, 1000000},
        {CALLS, &opt.calls, 1, 1000000}, {CONCURRENCY, &opt.concurrency, 1, 100000},
        {PRODUCERS, &opt.producers, 0, 10000}, {WINDOW, &opt.window, 1, 4096},
        {BATCH, &opt.batch, 1, 200}, {TEXT, &opt.text_bytes, 25, 8000},
        {NAP, &opt.nap_us, 0, 100000}, {O_STORM, &opt.storm, 0, 100000},
        {O_STORM_CALLS, &opt.storm_calls, 1, 100000}};
    static const struct { int key; double *to; } DECIMAL[] = {
        {RATE, &opt.rate}, {WARMUP, &opt.warmup_s}, {SECONDS, &opt.seconds},
        {DRAIN, &opt.drain_s}};
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
        if (WHOLE[i].key == key)
            *WHOLE[i].to = whole(name, value, WHOLE[i].least, WHOLE[i].most);
    for (size_t i = 0; i < sizeof DECIMAL / sizeof *DECIMAL; i++)
        if (DECIMAL[i].key == key)
            *DECIMAL[i].to = decimal(name, value);
}

static void read_options(int count, char **arguments)
{
    int key, at = 0;
    while ((key = getopt_long(count, arguments, "h", LONG, &at)) != -1) {
        switch (key) {
        case AUTH: opt.auth = optarg; break;
        case PAUTH: opt.producer_auth = optarg; break;
        case JOIN: add_join(opt.joins, &opt.joins_count, optarg); break;
        case PJOIN: add_join(opt.producer_joins, &opt.producer_joins_count, optarg); break;
        case EVENT: opt.event = optarg; break;
        case ITEM: opt.item = optarg; break;
        case NAME: opt.name = optarg; break;
        case ACK: opt.ack = true; break;
        case CALL_PREFIX: opt.call_prefix = optarg; break;
        case HTTP: opt.http_path = optarg; break;
        case HTTP_TOKEN: opt.http_token = optarg; break;
        case TOKENS: read_tokens(optarg); break;
        case STEPS: read_steps(optarg); break;
        case WATCH: read_watch(optarg); break;
        case 'h':
        case HELP_OPTION: fputs(HELP, stdout); exit(0);
        case '?': die("see --help");
        default: read_number(key, LONG[at].name, optarg);
        }
    }
    if (optind < count || !opt.port)
        die(opt.port ? "an argument is left over: see --help" : "--port is needed");
    if (opt.producers && !opt.event)
        die("--producers need an --event");
    if (opt.producers && opt.calls % opt.producers)
        die("--calls must be a multiple of --producers: each has its own calls");
    if (opt.producers && opt.rate <= 0 && !opt.receivers && !opt.ack && !opt.http_path)
        die("nothing would ever come back: give --ack or --receivers");
    if (strlen(opt.call_prefix) > 64)
        die("--call-prefix is too long");
    if (opt.item && opt.text_bytes * opt.batch > 20000)
        die("a batch is too long");
    if ((long)(opt.receivers / opt.calls + 1) * opt.batch > 60000)
        die("a batch has too many deliveries");
}

static void connect_some(struct peer *peers, int from, int to, uint64_t *joined)
{
    uint64_t before = *joined, seen = before, moved_ns = now_ns();
    int begun = from;
    while ((int)(*joined - before) < to - from && !tally.lost) {
        if (*joined != seen) {
            seen = *joined;
            moved_ns = now_ns();
        } else if (now_ns() - moved_ns > CONNECT_PATIENCE_NS) {
            die("%d of %d handshakes, then none for 30 s", (int)(seen - before), to - from);
        }
        while (begun < to && begun - from - (int)(*joined - before) < opt.concurrency)
            peer_connect(&peers[begun++]);
        loop_once(now_ns() + 1000000000u);
    }
}

/* Say how many are connected, answer pings, go on when a line comes. */
static void hold(int connected)
{
    printf("{\"holding\": %d}\n", connected);
    fflush(stdout);
    fd_set readable;
    struct timeval none;
    do {
        loop_once(now_ns() + 100000000u);
        FD_ZERO(&readable);
        FD_SET(0, &readable);
        none = (struct timeval){0, 0};
    } while (!tally.lost && select(1, &readable, NULL, NULL, &none) == 0);
    char line[64];
    if (!tally.lost && !fgets(line, sizeof line, stdin))
        exit(0);
}

static struct peer *make_peers(int count, enum role role)
{
    struct peer *peers = calloc((size_t)count + 1, sizeof *peers);
    if (!peers)
        die("out of memory");
    for (int i = 0; i < count; i++) {
        struct peer *p = &peers[i];
        p->role = (uint8_t)role;
        p->index = (uint32_t)i;
        p->call = (uint32_t)(i % opt.calls);
        p->next_number = (uint64_t)p->call * (uint64_t)opt.batch;
        if (role == STORM) {
            p->index = (uint32_t)(opt.receivers + i);
            p->call = (uint32_t)(opt.calls + i % opt.storm_calls);
        }
        p->http = role == PRODUCER && opt.http_path;
    }
    return peers;
}

int main(int count, char **arguments)
{
    read_options(count, arguments);
    prctl(PR_SET_TIMERSLACK, 1UL);
    setvbuf(stdin, NULL, _IONBF, 0);
    loop_open();
    struct peer *receivers = make_peers(opt.receivers, RECEIVER);
    struct peer *producers = make_peers(opt.producers, PRODUCER);
    struct peer *storm = make_peers(opt.storm, STORM);
    drive_prepare(producers);
    int connected = 0;
    for (int i = 0; i < opt.steps_count && !tally.lost; i++) {
        connect_some(receivers, connected, opt.steps[i], &tally.joined);
        connected = opt.steps[i];
        hold(connected);
    }
    connect_some(receivers, connected, opt.receivers, &tally.joined);
    drive_connected();
    connect_some(producers, 0, opt.producers, &tally.producers_joined);
    if (opt.producers && !tally.lost)
        drive_run(storm);
    drive_report();
    return tally.lost ? 1 : 0;
}
