// One process of the comparison over a lossy path: voice streams over one live-mode connection of libsrt.
//
//   srt_voice server PORT LATENCY_MS
//   srt_voice client PORT PEER_PORT LATENCY_MS SIZE PERIOD_US DURATION_US PHASE_US[,PHASE_US...]
//
// All settings but the latency are the defaults of live mode. A message begins with its due time in nanoseconds of
// CLOCK_MONOTONIC (8 bytes), its stream and its number (4 bytes each), in the byte order of the machine.
//
// Output of the client: "begin NANOS", the time that all due times count from, and its stalls.
// Output of the server: "ready"; after a byte on its input a line "STREAM NUMBER DUE ARRIVAL" for each message that was
// delivered, and its stalls. These are lines "stall NANOS LENGTH" up to "end": when a time of over 50 ms between two
// iterations of the loop ended, and its length in nanoseconds. Both exit at the end of their input.
#include <arpa/inet.h>
#include <poll.h>
#include <srt/srt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 16, MAX_SIZE = 1316, MAX_STREAMS = 1000, MAX_STALLS = 10000, TICK_MS = 20 };
static const int64_t STALL = 50 * 1000000LL;

static int64_t now_nanos(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, srt_getlasterror_str());
  exit(1);
}

static void set(SRTSOCKET socket, SRT_SOCKOPT option, int value, const char *name) {
  if (srt_setsockflag(socket, option, &value, sizeof value) == SRT_ERROR) fail(name);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static SRTSOCKET open_socket(int port, int latency) {
  SRTSOCKET socket = srt_create_socket();
  if (socket == SRT_INVALID_SOCK) fail("srt_create_socket");
  set(socket, SRTO_TRANSTYPE, SRTT_LIVE, "SRTO_TRANSTYPE");
  set(socket, SRTO_LATENCY, latency, "SRTO_LATENCY");
  set(socket, SRTO_CONNTIMEO, 20000, "SRTO_CONNTIMEO");
  struct sockaddr_in own = loopback(port);
  if (srt_bind(socket, (struct sockaddr *)&own, sizeof own) == SRT_ERROR) fail("srt_bind");
  return socket;
}

static struct { int64_t end, length; } stalls[MAX_STALLS];
static int stall_count;
static int64_t last_beat;

static void heartbeat(int64_t now) {
  int64_t length = last_beat ? now - last_beat : 0;
  last_beat = now;
  if (length <= STALL || stall_count == MAX_STALLS) return;
  stalls[stall_count].end = now;
  stalls[stall_count++].length = length;
}

static void end(void) {
  for (int i = 0; i < stall_count; i++)
    printf("stall %lld %lld\n", (long long)stalls[i].end, (long long)stalls[i].length);
  puts("end");
  fflush(stdout);
}

// Returns 1 if a byte of the input was read, -1 at its end, 0 if neither came within the time.
static int input(int milliseconds) {
  struct pollfd from = {.fd = 0, .events = POLLIN};
  char byte;
  if (poll(&from, 1, milliseconds) <= 0) return 0;
  return read(0, &byte, 1) == 1 ? 1 : -1;
}

struct delivery { int64_t due, arrival; uint32_t stream, number; };

static int server(int port, int latency) {
  SRTSOCKET listener = open_socket(port, latency);
  if (srt_listen(listener, 1) == SRT_ERROR) fail("srt_listen");
  puts("ready");
  fflush(stdout);
  SRTSOCKET peer = srt_accept(listener, NULL, NULL);
  if (peer == SRT_INVALID_SOCK) fail("srt_accept");
  set(peer, SRTO_RCVTIMEO, TICK_MS, "SRTO_RCVTIMEO");

  size_t count = 0, capacity = 1 << 16;
  struct delivery *log = malloc(capacity * sizeof *log);
  char message[MAX_SIZE];
  for (;;) {
    int length = srt_recvmsg(peer, message, sizeof message);
    int64_t now = now_nanos();
    heartbeat(now);
    if (length >= HEADER) {
      if (count == capacity) log = realloc(log, (capacity *= 2) * sizeof *log);
      if (!log) return 1;
      struct delivery *one = &log[count++];
      memcpy(&one->due, message, 8);
      memcpy(&one->stream, message + 8, 4);
      memcpy(&one->number, message + 12, 4);
      one->arrival = now;
    } else if (length != SRT_ERROR || srt_getlasterror(NULL) != SRT_ETIMEOUT) {
      fail("srt_recvmsg");
    }
    int got = input(0);
    if (got < 0) return 0;
    if (got > 0) break;
  }

  for (size_t i = 0; i < count; i++)
    printf("%u %u %lld %lld\n", log[i].stream, log[i].number, (long long)log[i].due, (long long)log[i].arrival);
  end();
  while (input(-1) >= 0) {}
  return 0;
}

static int client(int port, int peer_port, int latency, int size, int64_t period, int64_t duration, char *list) {
  static int64_t phase[MAX_STREAMS];
  static uint32_t sent[MAX_STREAMS];
  int streams = 0;
  for (char *word = strtok(list, ","); word && streams < MAX_STREAMS; word = strtok(NULL, ","))
    phase[streams++] = atoll(word) * 1000;
  if (size < HEADER || size > MAX_SIZE || streams == 0) return 2;

  SRTSOCKET socket = open_socket(port, latency);
  struct sockaddr_in peer = loopback(peer_port);
  if (srt_connect(socket, (struct sockaddr *)&peer, sizeof peer) == SRT_ERROR) fail("srt_connect");
  int64_t start = now_nanos() + 10000000;
  printf("begin %lld\n", (long long)start);
  fflush(stdout);

  char message[MAX_SIZE] = {0};
  for (;;) {
    int next = 0;
    for (int i = 1; i < streams; i++)
      if (phase[i] + sent[i] * period < phase[next] + sent[next] * period) next = i;
    int64_t due = phase[next] + sent[next] * period;
    if (due >= duration) break;
    due += start;
    for (int64_t now = now_nanos(); now < due; now = now_nanos()) {
      heartbeat(now);
      int64_t wake = due < now + TICK_MS * 1000000LL ? due : now + TICK_MS * 1000000LL;
      struct timespec time = {.tv_sec = wake / 1000000000LL, .tv_nsec = wake % 1000000000LL};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    }
    heartbeat(now_nanos());
    uint32_t stream = (uint32_t)next;
    memcpy(message, &due, 8);
    memcpy(message + 8, &stream, 4);
    memcpy(message + 12, &sent[next], 4);
    sent[next]++;
    if (srt_sendmsg(socket, message, size, -1, 1) == SRT_ERROR) fail("srt_sendmsg");
  }
  end();
  while (input(-1) >= 0) {}
  return 0;
}

int main(int count, char **words) {
  srt_startup();
  srt_setloglevel(LOG_CRIT);
  if (count == 4 && strcmp(words[1], "server") == 0) return server(atoi(words[2]), atoi(words[3]));
  if (count == 9 && strcmp(words[1], "client") == 0)
    return client(atoi(words[2]), atoi(words[3]), atoi(words[4]), atoi(words[5]), atoll(words[6]) * 1000,
                  atoll(words[7]) * 1000, words[8]);
  fprintf(stderr, "see the head of srt_voice.c\n");
  return 2;
}
