/* Engine.IO v4 and Socket.IO v5 packets, as far as a load generator meets them, and the
 * templates that say what each server wants to be told. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char packet[1 << 16];

size_t expand(char *out, size_t room, const char *template, const struct fill *fill)
{
    size_t size = 0;
    while (*template) {
        const char *word = NULL, *value = NULL;
        char digits[96];
        size_t length = 1;
        if (*template == '{') {
            const char *end = strchr(template, '}');
            size_t inner = end ? (size_t)(end - template - 1) : 0;
            word = template + 1;
            if (inner == 1 && *word == 'i')
                snprintf(digits, sizeof digits, "%u", fill->index), value = digits;
            else if (inner == 1 && *word == 'n')
                snprintf(digits, sizeof digits, "%llu", (unsigned long long)fill->number),
                    value = digits;
            else if (inner == 4 && !memcmp(word, "call", 4))
                snprintf(digits, sizeof digits, "%s%u", opt.call_prefix, fill->call), value = digits;
            else if (inner == 4 && !memcmp(word, "text", 4))
                value = fill->text;
            else if (inner == 5 && !memcmp(word, "agent", 5))
                value = fill->agent;
            else if (inner == 5 && !memcmp(word, "token", 5))
                value = fill->token;
            else if (inner == 5 && !memcmp(word, "items", 5))
                value = fill->items;
            if (value)
                length = inner + 2;
        }
        size_t more = value ? strlen(value) : 1;
        if (size + more + 1 > room)
            die("a template grows over %zu bytes", room);
        memcpy(out + size, value ? value : template, more);
        size += more;
        template += length;
    }
    out[size] = 0;
    return size;
}

static void send_filled(struct peer *p, const char *prefix, const char *template)
{
    struct fill fill = {.index = p->index, .call = p->call, .agent = "", .token = ""};
    if (p->role != PRODUCER && opt.tokens_count) {
        fill.token = opt.tokens[p->index % (uint32_t)opt.tokens_count];
        fill.agent = opt.agents[p->index % (uint32_t)opt.tokens_count];
    }
    size_t head = (size_t)snprintf(packet, sizeof packet, "%s", prefix);
    size_t size = head + expand(packet + head, sizeof packet - head, template, &fill);
    peer_send_text(p, packet, size);
}

void on_upgraded(struct peer *p)
{
    p->state = OPENING; /* the server speaks first */
}

static void join_next(struct peer *p, uint64_t now)
{
    bool producer = p->role == PRODUCER;
    int joins = producer ? opt.producer_joins_count : opt.joins_count;
    if (p->join_step == joins) {
        p->state = JOINED;
        drive_joined(p, now);
        return;
    }
    char prefix[24];
    snprintf(prefix, sizeof prefix, "42%u", p->next_ack++);
    send_filled(p, prefix, (producer ? opt.producer_joins : opt.joins)[p->join_step++]);
}

static void on_acknowledgement(struct peer *p, char *text, size_t size, uint64_t now)
{
    char *end;
    uint32_t id = (uint32_t)strtoul(text + 2, &end, 10);
    size_t head = (size_t)(end - text);
    size_t look = size - head < 400 ? size - head : 400;
    if (!memmem(end, look, "\"ok\":true", 9))
        note_error(text, size);
    if (p->state == JOINING)
        join_next(p, now);
    else
        drive_acknowledged(p, id, now);
}

static void on_event(struct peer *p, char *text, size_t size, uint64_t now)
{
    static size_t name_size;
    if (!name_size)
        name_size = strlen(opt.name);
    if (size > name_size + 6 && !memcmp(text + 4, opt.name, name_size) &&
        text[4 + name_size] == '"')
        drive_event(p, text + 5 + name_size, size - 5 - name_size, now);
    else if (size > 10 && !memcmp(text + 3, "\"error\"", 7))
        note_error(text, size);
}

void on_message(struct peer *p, char *text, size_t size, uint64_t now)
{
    if (!size)
        return;
    if (text[0] == '2') {
        peer_send_text(p, "3", 1);
        return;
    }
    if (text[0] == '0') {
        const char *auth = p->role == PRODUCER ? opt.producer_auth : opt.auth;
        p->state = JOINING;
        send_filled(p, "40", auth ? auth : "");
        return;
    }
    if (text[0] == '1') {
        peer_lost(p, "closed by Engine.IO", 19);
        return;
    }
    if (text[0] != '4' || size < 2)
        return;
    if (text[1] == '2')
        on_event(p, text, size, now);
    else if (text[1] == '3')
        on_acknowledgement(p, text, size, now);
    else if (text[1] == '0')
        join_next(p, now);
    else if (text[1] == '1' || text[1] == '4')
        peer_lost(p, text, size);
}
