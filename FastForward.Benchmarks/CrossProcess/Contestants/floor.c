/*
 * The baseline ("floor"): the minimum that two processes can do to exchange messages over one kind of socket. Whatever
 * FastForward needs on top of it is its own cost.
 *
 *   floor ROLE KIND ADDRESS MODE WORKLOAD SIZE WARMUP_US MEASURE_US INTERVAL_NS TICK_NS CPU
 *
 * ROLE      server (listens, echoes, counts) or client (sends, measures)
 * KIND      udp (one unconnected socket, as used by a server that talks to many peers over one port: every datagram is
 *           sent to and received with an address), udp-connected (a socket for a single peer, for which the kernel has a
 *           faster path), udp-batched (as udp, but messages that are sent together leave as runs of datagrams that the
           kernel cuts apart and joins again: sendmmsg, UDP_SEGMENT, UDP_GRO), udp-packed (the same, and datagrams of up
           to 1200 bytes carry as many messages as fit), unix (seqpacket), memory (one ring for each direction in a
           file that both map, never blocking), tcp, vsock (seqpacket) or vsock-stream
 * ADDRESS   client: the address printed by the server. server: a path for unix and memory, a CID for vsock, ignored
 *           otherwise
 * MODE      spin (non-blocking calls), block (blocking calls), adaptive (non-blocking for 50 us, then blocking)
 * WORKLOAD  ping (one message in flight), paced (round trips at a fixed rate), voice (one way at a fixed rate) or
 *           stream (one way, as fast as possible)
 *
 * With a fixed rate, message i is due at i * INTERVAL_NS, rounded down to TICK_NS, and its time is measured from then,
 * whether or not it could be sent in time. Output lines: "ready ADDRESS" (server), "begin" (client, which then waits for
 * a byte on its input), "measured SENT RECEIVED NANOSECONDS -1" (client), then, from the side that records times,
 * "NANOSECONDS COUNT" for each and "done". End of input ends the program at any time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ECHO, COUNT, TIMED, END };  /* what the server does with a message */
enum { WARM = 1, MEASURE = 2 };    /* phases */
enum { SPIN_NS = 50000, BATCH = 64, BUCKETS = 55 * 1024 };
#define NEVER UINT64_MAX

struct header {
    uint64_t time;
    uint32_t kind, phase;
};

/* Slots of equal size; the writer owns tail, the reader head. */
struct ring {
    _Alignas(128) _Atomic uint64_t tail;
    _Alignas(128) _Atomic uint64_t head;
    _Alignas(128) char slots[1 << 18];
};

static struct ring *outgoing, *incoming; /* memory only */
static uint64_t written, readable, known_head, consumed, slot, slots;
static int fd, is_stream, is_unconnected, batches, spins, blocks;
static size_t segment; /* bytes of a datagram, with batches */
/* Unconnected UDP only; the server replies to the last sender. */
static struct sockaddr_in peer, source, *sender = &source;
static size_t size, filled, used, staged;
static uint64_t sent, received, last_work, counts[BUCKETS];
static char in[1 << 18], out[1 << 16], message[1 << 16];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Bucket width is 1/1024 of the value; exact below 2048. */
static void record(uint64_t nanos)
{
    int shift = nanos < 2048 ? 0 : 53 - __builtin_clzll(nanos);
    counts[(uint64_t)shift * 1024 + (nanos >> shift)]++;
}

static void print_times(void)
{
    for (uint64_t i = 0; i < BUCKETS; i++) {
        uint64_t shift = i < 2048 ? 0 : i / 1024 - 1;
        if (counts[i] > 0)
            printf("%llu %llu\n", (unsigned long long)((i - shift * 1024) << shift), (unsigned long long)counts[i]);
    }
    puts("done");
    fflush(stdout);
}

static void send_all(const char *bytes, size_t length)
{
    while (length > 0) {
        int flags = MSG_NOSIGNAL | (blocks && !spins ? 0 : MSG_DONTWAIT);
        ssize_t n = is_unconnected ? sendto(fd, bytes, length, flags, (struct sockaddr *)&peer, sizeof peer)
                                   : send(fd, bytes, length, flags);
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            die("send");
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
}

/* Sends the staged messages as runs of datagrams. */
static void send_runs(void)
{
    struct iovec parts[sizeof out / 65507 + 64];
    struct mmsghdr runs[sizeof out / 65507 + 64] = { 0 };
    size_t most = (65507 / segment < 64 ? 65507 / segment : 64) * segment;
    unsigned count = 0, done = 0;
    for (size_t at = 0; at < staged; at += most, count++) {
        parts[count].iov_base = out + at;
        parts[count].iov_len = staged - at < most ? staged - at : most;
        runs[count].msg_hdr = (struct msghdr){ .msg_name = &peer, .msg_namelen = sizeof peer,
                                               .msg_iov = &parts[count], .msg_iovlen = 1 };
    }
    while (done < count) {
        int n = sendmmsg(fd, runs + done, count - done, MSG_NOSIGNAL | (blocks && !spins ? 0 : MSG_DONTWAIT));
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            die("sendmmsg");
        if (n > 0)
            done += (unsigned)n;
    }
}

static void flush(void)
{
    if (outgoing)
        return;
    if (batches)
        send_runs();
    else
        send_all(out, staged);
    staged = 0;
    if (spins && blocks)
        last_work = now();
}

/* Packets are sent at once, one per system call; a stream's bytes, and batches, are collected until flush(). */
static void put(uint64_t time, uint32_t kind, uint32_t phase)
{
    struct header header = { time, kind, phase };
    memcpy(message, &header, sizeof header);
    if (outgoing) {
        while (written - known_head >= slots)
            known_head = atomic_load_explicit(&outgoing->head, memory_order_acquire);
        memcpy(outgoing->slots + written % slots * slot, message, size);
        atomic_store_explicit(&outgoing->tail, ++written, memory_order_release);
        return;
    }
    if (!is_stream && !batches) {
        send_all(message, size);
        return;
    }
    if (staged + size > sizeof out)
        flush();
    memcpy(out + staged, message, size);
    staged += size;
}

/* Receives one message. Returns 0 if there is none: at once when spinning, at the due time when blocking. */
static int take(struct header *header, uint64_t due)
{
    if (incoming) {
        if (readable == consumed)
            readable = atomic_load_explicit(&incoming->tail, memory_order_acquire);
        if (readable == consumed)
            return 0;
        memcpy(in, incoming->slots + consumed % slots * slot, size);
        memcpy(header, in, sizeof *header);
        atomic_store_explicit(&incoming->head, ++consumed, memory_order_release);
        return 1;
    }
    while (filled - used < size) {
        memmove(in, in + used, filled - used);
        filled -= used;
        used = 0;
        int waits = blocks && (!spins || now() - last_work >= SPIN_NS);
        if (waits && due != NEVER) {
            uint64_t t = now(), left = due > t ? due - t : 0;
            struct timespec timeout = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
            struct pollfd entry = { fd, POLLIN, 0 };
            if (ppoll(&entry, 1, &timeout, NULL) <= 0)
                return 0;
            waits = 0;
        }
        socklen_t length = sizeof *sender;
        int flags = waits ? 0 : MSG_DONTWAIT;
        size_t room = is_stream || batches ? sizeof in - filled : size; /* a joined run, or whatever has come */
        ssize_t n = is_unconnected ? recvfrom(fd, in + filled, room, flags, (struct sockaddr *)sender, &length)
                                   : recv(fd, in + filled, room, flags);
        if (n == 0 && !is_unconnected)
            exit(0); /* the peer has closed the connection */
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            die("recv");
        if (n < 0)
            return 0;
        filled += (size_t)n;
        if (spins && blocks)
            last_work = now();
    }
    memcpy(header, in + used, sizeof *header);
    used += size;
    return 1;
}

static void run_server(void)
{
    uint32_t phase = 0;
    for (int reported = 0;;) {
        struct header header;
        if (!take(&header, NEVER) || header.phase < phase)
            continue;
        if (header.phase > phase) {
            phase = header.phase;
            received = 0;
        }
        if (header.kind == END) {
            put(received, END, phase);
            flush();
            if (phase == MEASURE && !reported)
                print_times();
            reported = phase == MEASURE;
        } else if (header.kind == ECHO) {
            put(header.time, ECHO, phase);
            flush();
        } else {
            received++;
            if (header.kind == TIMED && phase == MEASURE) {
                uint64_t t = now();
                record(t > header.time ? t - header.time : 0);
            }
        }
    }
}

static void take_echo(uint32_t phase, uint64_t due)
{
    struct header header;
    if (take(&header, due) && header.kind == ECHO && header.phase == phase) {
        received++;
        if (phase == MEASURE)
            record(now() - header.time);
    }
}

static void ping(uint32_t phase, uint64_t end)
{
    while (now() < end) {
        put(now(), ECHO, phase);
        flush();
        for (sent++; received < sent;)
            take_echo(phase, NEVER);
    }
}

static void paced(uint32_t phase, uint64_t start, uint64_t end, uint64_t interval, uint64_t tick, uint32_t kind)
{
    for (;;) {
        uint64_t due = start + sent * interval / tick * tick, t = now();
        if (due >= end)
            break;
        if (t < due) {
            take_echo(phase, due);
            continue;
        }
        for (; due <= t && due < end; due = start + ++sent * interval / tick * tick)
            put(due, kind, phase);
        flush();
    }
    for (uint64_t limit = now() + 1000000000; kind == ECHO && received < sent && now() < limit;)
        take_echo(phase, limit);
}

/* Asks the server how many messages of the phase have arrived; repeats because a datagram may be lost. */
static void count_arrived(uint32_t phase)
{
    for (;;) {
        struct header header;
        put(0, END, phase);
        flush();
        for (uint64_t again = now() + 10000000; now() < again;) {
            if (take(&header, again) && header.kind == END && header.phase == phase) {
                received = header.time;
                return;
            }
        }
    }
}

static uint64_t run(const char *workload, uint32_t phase, uint64_t nanos, uint64_t interval, uint64_t tick)
{
    uint64_t start = now(), end = start + nanos;
    sent = received = 0;
    if (strcmp(workload, "ping") == 0)
        ping(phase, end);
    else if (strcmp(workload, "paced") == 0)
        paced(phase, start, end, interval, tick, ECHO);
    else if (strcmp(workload, "voice") == 0)
        paced(phase, start, end, interval, tick, TIMED);
    else
        while (now() < end)
            for (int i = 0; i < BATCH; i++, sent++)
                put(0, COUNT, phase);
    if (strcmp(workload, "voice") == 0 || strcmp(workload, "stream") == 0)
        count_arrived(phase);
    return now() - start;
}

static void open_memory(int is_client, const char *path)
{
    struct ring *rings;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || (!is_client && ftruncate(fd, 2 * sizeof *rings) != 0))
        die("open");
    rings = mmap(NULL, 2 * sizeof *rings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (rings == MAP_FAILED)
        die("mmap");
    slot = (size + 63) / 64 * 64;
    slots = sizeof rings->slots / slot;
    outgoing = &rings[is_client];
    incoming = &rings[!is_client];
    if (!is_client) {
        printf("ready %s\n", path);
        fflush(stdout);
    }
}

static void open_socket(int is_client, const char *kind, const char *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ip;
        struct sockaddr_un local;
        struct sockaddr_vm vm;
    } name = { 0 };
    socklen_t length = sizeof name.ip;
    int type = SOCK_STREAM, one = 1, small = 1 << 20, large = 4 << 20;
    if (strcmp(kind, "unix") == 0) {
        type = SOCK_SEQPACKET;
        name.local.sun_family = AF_UNIX;
        snprintf(name.local.sun_path, sizeof name.local.sun_path, "%s", address);
        length = sizeof name.local;
    } else if (strncmp(kind, "vsock", 5) == 0) {
        if (strcmp(kind, "vsock") == 0)
            type = SOCK_SEQPACKET;
        name.vm.svm_family = AF_VSOCK;
        name.vm.svm_port = VMADDR_PORT_ANY;
        sscanf(address, "%u:%u", &name.vm.svm_cid, &name.vm.svm_port);
        if (!is_client)
            name.vm.svm_cid = VMADDR_CID_ANY;
        length = sizeof name.vm;
    } else {
        batches = strcmp(kind, "udp-batched") == 0 || strcmp(kind, "udp-packed") == 0;
        segment = strcmp(kind, "udp-packed") == 0 && size < 1200 ? 1200 / size * size : size;
        is_unconnected = batches || strcmp(kind, "udp") == 0;
        if (strncmp(kind, "udp", 3) == 0)
            type = SOCK_DGRAM;
        name.ip.sin_family = AF_INET;
        name.ip.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        name.ip.sin_port = htons((uint16_t)(is_client ? atoi(address) : 0));
    }
    is_stream = type == SOCK_STREAM;
    fd = socket(name.any.sa_family, type, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    if (batches) {
        int length = (int)segment;
        if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &length, sizeof length) != 0 ||
            setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one) != 0)
            die("UDP_SEGMENT, UDP_GRO");
    }
    if (is_client && type == SOCK_DGRAM) { /* bind to an address, as the server does */
        struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0)
            die("bind");
    }
    if (is_client && is_unconnected) {
        peer = name.ip;
    } else if (is_client) {
        if (connect(fd, &name.any, length) != 0)
            die("connect");
    } else {
        if (bind(fd, &name.any, length) != 0 || (type != SOCK_DGRAM && listen(fd, 1) != 0) ||
            getsockname(fd, &name.any, &length) != 0)
            die("bind");
        if (name.any.sa_family == AF_UNIX)
            printf("ready %s\n", address);
        else if (name.any.sa_family == AF_VSOCK)
            printf("ready %s:%u\n", address, name.vm.svm_port);
        else
            printf("ready %u\n", ntohs(name.ip.sin_port));
        fflush(stdout);
        if (is_unconnected) {
            sender = &peer;
        } else if (type == SOCK_DGRAM) { /* connect to the first sender; its message stays in the queue */
            length = sizeof name;
            if (recvfrom(fd, in, 1, MSG_PEEK, &name.any, &length) < 0 || connect(fd, &name.any, length) != 0)
                die("recvfrom");
        } else if ((fd = accept(fd, NULL, NULL)) < 0) {
            die("accept");
        }
    }
    if (strcmp(kind, "tcp") == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Exits if the parent has closed the pipe. */
static void look_at_input(int signal)
{
    struct pollfd entry = { STDIN_FILENO, POLLIN, 0 };
    (void)signal;
    if (poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0)
        _exit(0);
}

/* Requests a signal when the input changes, which also interrupts a blocking call when the parent has exited. */
static void follow_parent(void)
{
    signal(SIGIO, look_at_input);
    fcntl(STDIN_FILENO, F_SETOWN, getpid());
    fcntl(STDIN_FILENO, F_SETFL, O_ASYNC);
    look_at_input(SIGIO);
}

int main(int argc, char **argv)
{
    if (argc != 12) {
        fputs("floor ROLE KIND ADDRESS MODE WORKLOAD SIZE WARMUP_US MEASURE_US INTERVAL_NS TICK_NS CPU\n", stderr);
        return 2;
    }
    int is_client = strcmp(argv[1], "client") == 0, cpu = atoi(argv[11]);
    uint64_t warmup = strtoull(argv[7], NULL, 10) * 1000, nanos = strtoull(argv[8], NULL, 10) * 1000;
    uint64_t interval = strtoull(argv[9], NULL, 10), tick = strtoull(argv[10], NULL, 10);
    char go;
    spins = strcmp(argv[4], "block") != 0;
    blocks = strcmp(argv[4], "spin") != 0;
    size = strtoull(argv[6], NULL, 10);
    if (size < sizeof(struct header) || size > sizeof message) {
        fputs("floor: SIZE must be from 16 to 65536\n", stderr);
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0)
            die("sched_setaffinity");
    }
    follow_parent();
    if (strcmp(argv[2], "memory") == 0)
        open_memory(is_client, argv[3]);
    else
        open_socket(is_client, argv[2], argv[3]);
    if (!is_client)
        run_server();

    run(argv[5], WARM, warmup, interval, tick);
    puts("begin");
    fflush(stdout);
    if (read(STDIN_FILENO, &go, 1) != 1)
        return 1;
    run(argv[5], WARM, 20000000, interval, tick); /* until the parent is asleep again */
    uint64_t elapsed = run(argv[5], MEASURE, nanos, interval, tick);
    printf("measured %llu %llu %llu -1\n", (unsigned long long)sent, (unsigned long long)received,
           (unsigned long long)elapsed);
    print_times();
    for (;;)
        pause();
}
