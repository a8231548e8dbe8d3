// Starts a child process with two options that posix_spawn(3) does not have: another user, and a death signal. It is
// written in C because only async-signal-safe calls are allowed between vfork and exec. Swift code may make other
// calls.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern int pipe2(int *, int);

struct millrace_child {
    const char *program;  // absolute path
    char *const *arguments;
    char *const *environment;
    const char *folder;  // working directory; NULL for that of the parent
    // These become the descriptors 0, 1 and 2. If one of them is below 3, it must already have its final number.
    int input, output, error;
    int has_account;  // whether the next four members are used
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;
    int death_signal;  // the child gets it when the thread that called millrace_spawn ends; 0 for none
};

static inline void millrace_child_fail(int report) {
    int code = errno;
    ssize_t written = write(report, &code, sizeof code);
    (void)written;
    _exit(127);
}

// Runs in the new process until exec. Until then the process shares the memory of its parent.
static inline void millrace_child_run(const struct millrace_child *child, int report, pid_t parent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Give the child its own process group: Ctrl-C in the terminal must reach only the parent. The parent stops its
    // children in the right order.
    setpgid(0, 0);
    if (child->input != 0 && dup2(child->input, 0) < 0) millrace_child_fail(report);
    if (child->output != 1 && dup2(child->output, 1) < 0) millrace_child_fail(report);
    if (child->error != 2 && dup2(child->error, 2) < 0) millrace_child_fail(report);
    // The flag 4 is CLOSE_RANGE_CLOEXEC: exec closes all descriptors from 3 on. Kernels before 5.11 do not have the
    // flag; there the call does nothing.
    syscall(SYS_close_range, 3U, ~0U, 4U);
    if (child->has_account) {
        // Direct system calls, because glibc's functions would also change the other threads, which are the parent's.
        if (syscall(SYS_setgroups, child->group_count, child->groups) < 0) millrace_child_fail(report);
        if (syscall(SYS_setgid, child->group) < 0) millrace_child_fail(report);
        // The change from root to another user drops all capabilities except the inheritable ones. Ambient capabilities
        // would survive exec, so they are cleared here.
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        if (syscall(SYS_setuid, child->user) < 0) millrace_child_fail(report);
        umask(027);
    }
    if (child->folder && chdir(child->folder) < 0) millrace_child_fail(report);
    if (child->death_signal) {
        // This must follow setuid, which clears the signal (prctl(2)). If the parent has ended before this call, no
        // signal comes, so end here.
        if (prctl(PR_SET_PDEATHSIG, child->death_signal) < 0) millrace_child_fail(report);
        if (getppid() != parent) _exit(127);
    }
    execve(child->program, child->arguments, child->environment);
    millrace_child_fail(report);
}

// Starts `child` and returns its process id. On failure it returns -1 and sets errno, also for a failure after vfork.
//
// It uses vfork. fork would copy the page tables, and later the kernel would copy each page that the parent writes to.
// For a process with a few hundred megabytes these copies take much longer than the rest of the start.
static inline pid_t millrace_spawn(const struct millrace_child *child) {
    int report[2], code = 0;
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    // No signal handler of the parent may run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0) millrace_child_run(child, report[1], parent);
    code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        errno = code;
        return -1;
    }
    ssize_t count;
    do count = read(report[0], &code, sizeof code);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof code) {
        waitpid(pid, NULL, 0);
        errno = code;
        return -1;
    }
    return pid;
}

/// The signal that this process gets when the thread that started it ends; 0 for none.
static inline int millrace_death_signal(void) {
    int number = 0;
    return prctl(PR_GET_PDEATHSIG, &number) == 0 ? number : 0;
}

static inline int millrace_set_death_signal(int number) { return prctl(PR_SET_PDEATHSIG, number); }

static inline int millrace_exited(int status) { return WIFEXITED(status); }
static inline int millrace_exit_code(int status) { return WEXITSTATUS(status); }
static inline int millrace_exit_signal(int status) { return WTERMSIG(status); }
