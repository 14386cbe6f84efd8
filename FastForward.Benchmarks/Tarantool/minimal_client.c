/*
 * A minimal client as baseline: blocking system calls, requests that are encoded once, responses that are read
 * completely but not decoded. It shows the cost of server and socket; the rest is the cost of the library.
 *
 * Usage: minimal_client SOCKET. Reads lines "NAME COUNT" from standard input; replies to each with one line, the
 * median nanoseconds of one operation (of one batch for "pipeline").
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 1000, GREETING = 128 };

static char buffer[1 << 20];
static size_t filled, used;
static int fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            die("write");
        bytes += n;
        size -= (size_t)n;
    }
}

static void need(size_t size)
{
    if (filled - used >= size)
        return;
    memmove(buffer, buffer + used, filled - used);
    filled -= used;
    used = 0;
    while (filled < size) {
        ssize_t n = read(fd, buffer + filled, sizeof buffer - filled);
        if (n <= 0)
            die("read");
        filled += (size_t)n;
    }
}

static void read_frame(void)
{
    need(5);
    const unsigned char *p = (const unsigned char *)buffer + used;
    if (p[0] != 0xce)
        die("frame");
    size_t size = 5 + ((size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4]);
    need(size);
    used += size;
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* size, header {type, sync}, body */
static const char ping[] = "\x06\x82\x00\x40\x01\x01\x80";
static const char select_one[] = "\x13\x82\x00\x01\x01\x01\x84\x10\xcd\x03\xe8\x11\x00\x12\x01\x20\x91\xcd\x13\x88";
static const char select_all[] = "\x14\x82\x00\x01\x01\x01\x85\x10\xcd\x03\xe8\x11\x00\x12\xcd\x27\x10\x14\x02\x20\x90";

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
        die("usage");
    strcpy(address.sun_path, argv[1]);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    need(GREETING);
    used += GREETING;

    static char batch[BATCH * sizeof select_one];
    const size_t one = sizeof select_one - 1;
    for (int i = 0; i < BATCH; i++)
        memcpy(batch + (size_t)i * one, select_one, one);

    char name[32];
    int count;
    while (scanf("%31s %d", name, &count) == 2) {
        uint64_t *times = calloc((size_t)count, sizeof *times);
        for (int i = 0; i < count; i++) {
            uint64_t start = now();
            int answers = 1;
            if (strcmp(name, "ping") == 0) {
                write_all(ping, sizeof ping - 1);
            } else if (strcmp(name, "select_one") == 0) {
                write_all(select_one, one);
            } else if (strcmp(name, "select_all") == 0) {
                write_all(select_all, sizeof select_all - 1);
            } else {
                write_all(batch, BATCH * one);
                answers = BATCH;
            }
            while (answers-- > 0)
                read_frame();
            times[i] = now() - start;
        }
        qsort(times, (size_t)count, sizeof *times, by_value);
        printf("%llu\n", (unsigned long long)times[count / 2]);
        fflush(stdout);
        free(times);
    }
    return 0;
}
