// What Glibc's own module leaves out: macros and variadic functions.
#pragma once
// No _GNU_SOURCE here: it would give fd_set another shape than in Swift's Glibc module, so what needs it is declared.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pthread_setname_np(pthread_t, const char *);

static inline int millrace_accept(int listener) {
    return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// As accept4(2), telling the peer's address, for a connection that does not block.
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

/// Asks the kernel to send `signal` to this process when the thread that started it ends.
static inline int millrace_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }

static inline int millrace_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

extern char **environ;
static inline char **millrace_environment(void) { return environ; }

#include <sys/sendfile.h>
/// As sendfile(2).
static inline ssize_t millrace_sendfile(int to, int from, off_t *offset, size_t count) {
    return sendfile(to, from, offset, count);
}

/// A file without a name, which goes when it is closed (open(2), O_TMPFILE); -1 where the file system has none.
static inline int millrace_temporary_file(const char *folder) {
    return open(folder, 020000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0600);
}
