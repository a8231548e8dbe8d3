// Parts of glibc that Swift's Glibc module does not have, because they are macros or variadic functions.
#pragma once
// Do not define _GNU_SOURCE: fd_set would then have another layout than in Swift's Glibc module. The functions that
// need _GNU_SOURCE are declared here instead.
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pthread_setname_np(pthread_t, const char *);
extern void *memmem(const void *, size_t, const void *, size_t);

/// accept4(2) for a non-blocking connection. Also returns the address of the peer.
static inline int millrace_accept_from(int listener, struct sockaddr_storage *peer, socklen_t *length) {
    return accept4(listener, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int millrace_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline uint32_t millrace_epoll_cloexec(void) { return EPOLL_CLOEXEC; }
static inline uint32_t millrace_epoll_exclusive(void) { return EPOLLEXCLUSIVE; }
static inline uint32_t millrace_epoll_in(void) { return EPOLLIN; }
static inline uint32_t millrace_epoll_out(void) { return EPOLLOUT; }
static inline uint32_t millrace_epoll_edge(void) { return EPOLLET; }
static inline uint32_t millrace_epoll_oneshot(void) { return EPOLLONESHOT; }
static inline uint32_t millrace_epoll_hangup(void) { return EPOLLHUP | EPOLLRDHUP | EPOLLERR; }
static inline uint32_t millrace_epoll_peer_closed(void) { return EPOLLRDHUP; }

/// Returns a descriptor that becomes readable once per interval (timerfd_create(2)); -1 if that fails.
static inline int millrace_ticker(long nanoseconds) {
    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct timespec period = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    struct itimerspec timer = {period, period};
    if (descriptor >= 0) timerfd_settime(descriptor, 0, &timer, 0);
    return descriptor;
}

static inline int millrace_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

extern char **environ;
static inline char **millrace_environment(void) { return environ; }

/// sendfile(2)
static inline ssize_t millrace_sendfile(int to, int from, off_t *offset, size_t count) {
    return sendfile(to, from, offset, count);
}

/// Opens a new file that has no name (open(2), O_TMPFILE). The kernel removes the file when it is closed.
/// Returns -1 if the file system does not support such files.
static inline int millrace_temporary_file(const char *folder) {
    return open(folder, 020000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0600);
}

/// Queries one DNS server for records of one type, ns_t_a or ns_t_aaaa (res_nquery(3)). Blocks for up to `seconds`.
/// Returns the length of the answer, or -h_errno.
static inline int millrace_dns_query(const struct sockaddr *server, socklen_t length, const char *name, int type,
                                     int seconds, unsigned char *answer, int size) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -NO_RECOVERY;
    state.retrans = seconds;
    state.retry = 1;
    state.nscount = 1;
    if (server->sa_family == AF_INET) {
        memcpy(&state.nsaddr_list[0], server, sizeof(struct sockaddr_in));
    } else {
        // glibc stores an address that is not IPv4 here. res_nclose frees it.
        struct sockaddr_in6 *copy = malloc(sizeof *copy);
        if (!copy) {
            res_nclose(&state);
            return -NO_RECOVERY;
        }
        memcpy(copy, server, length < sizeof *copy ? length : sizeof *copy);
        free(state._u._ext.nsaddrs[0]);
        state._u._ext.nsaddrs[0] = copy;
        state.nsaddr_list[0].sin_family = 0;
    }
    int count = res_nquery(&state, name, ns_c_in, type, answer, size);
    int code = state.res_h_errno;
    res_nclose(&state);
    return count > 0 ? count : code > 0 ? -code : -TRY_AGAIN;
}

/// Extracts up to `max` addresses of `width` bytes each from an answer. `ttl` receives the lowest time to live in
/// seconds. Returns the number of addresses, or -1 if the answer is malformed.
static inline int millrace_dns_addresses(const unsigned char *answer, int length, int type, int width,
                                         unsigned char *addresses, int max, uint32_t *ttl) {
    ns_msg message;
    if (ns_initparse(answer, length, &message) != 0) return -1;
    int count = 0;
    *ttl = UINT32_MAX;
    for (int index = 0; index < ns_msg_count(message, ns_s_an) && count < max; index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return -1;
        if (ns_rr_ttl(record) < *ttl) *ttl = ns_rr_ttl(record);
        if ((int)ns_rr_type(record) != type || ns_rr_rdlen(record) != width) continue;
        memcpy(addresses + (size_t)count * (size_t)width, ns_rr_rdata(record), (size_t)width);
        count++;
    }
    return count;
}
