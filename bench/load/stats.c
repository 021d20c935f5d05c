/* Histograms, clocks, what /proc says of a process, and the end of a run that cannot go on. */
#include "load.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static unsigned bucket_of(uint64_t value)
{
    if (value < (1u << SUB_BITS))
        return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) + (unsigned)((value >> shift) - (1u << SUB_BITS));
}

static double middle_of(unsigned bucket)
{
    if (bucket < (1u << SUB_BITS))
        return bucket;
    unsigned shift = (bucket >> SUB_BITS) - 1;
    uint64_t low = (uint64_t)((bucket & ((1u << SUB_BITS) - 1)) + (1u << SUB_BITS)) << shift;
    return (double)low + (double)((uint64_t)1 << shift) / 2;
}

void histogram_add(struct histogram *h, uint64_t value_ns)
{
    h->buckets[bucket_of(value_ns)]++;
    h->count++;
    h->sum += (double)value_ns;
    if (value_ns > h->max)
        h->max = value_ns;
}

double histogram_us(const struct histogram *h, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)h->count), seen = 0;
    for (unsigned b = 0; b < BUCKETS; b++) {
        seen += h->buckets[b];
        if (seen >= rank && seen)
            return fmin(middle_of(b), (double)h->max) / 1000;
    }
    return 0;
}

void histogram_print(const char *name, const struct histogram *h)
{
    printf("\"%s\": {\"count\": %llu", name, (unsigned long long)h->count);
    if (h->count) {
        const struct { const char *name; double share; } shares[] = {
            {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99_9", 0.999}};
        for (unsigned i = 0; i < 4; i++)
            printf(", \"%s\": %.1f", shares[i].name, histogram_us(h, shares[i].share));
        printf(", \"max\": %.1f, \"mean\": %.1f", (double)h->max / 1000,
               h->sum / (double)h->count / 1000);
    }
    printf("}");
}

uint64_t now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

double own_cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double process_cpu_s(int pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = 0;
    /* The name in brackets may hold blanks: fields are counted from behind it. */
    char *field = strrchr(line, ')');
    unsigned long user = 0, system = 0;
    if (!field || sscanf(field + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                         &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

long process_rss_kib(int pid)
{
    char path[64];
    long total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

void print_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        if ((unsigned char)*text >= 0x20)
            putchar(*text);
    }
    putchar('"');
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}
