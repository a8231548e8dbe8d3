// Starting a child process with what posix_spawn(3) has no attribute for: another user, and a death signal.
// It is C because between vfork and exec only async-signal-safe calls are allowed, which Swift cannot promise.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern int pipe2(int *, int);

struct millrace_child {
    const char *program;  // an absolute path
    char *const *arguments;
    char *const *environment;
    const char *folder;  // the working folder; NULL: the parent's
    int input, output, error;  // become 0, 1 and 2; none of them may be 0, 1 or 2 unless it stays what it is
    int has_account;  // whether the next four count
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;
    int death_signal;  // what the kernel sends when the thread that called ends; 0: nothing
};

static inline void millrace_child_fail(int report) {
    int code = errno;
    ssize_t written = write(report, &code, sizeof code);
    (void)written;
    _exit(127);
}

// What the new process does until exec, in the memory of its parent.
static inline void millrace_child_run(const struct millrace_child *child, int report, pid_t parent) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // A group of its own: Ctrl-C in the terminal is for the parent, which stops its children in order.
    setpgid(0, 0);
    if (child->input != 0 && dup2(child->input, 0) < 0) millrace_child_fail(report);
    if (child->output != 1 && dup2(child->output, 1) < 0) millrace_child_fail(report);
    if (child->error != 2 && dup2(child->error, 2) < 0) millrace_child_fail(report);
    // CLOSE_RANGE_CLOEXEC: nothing the parent has open leaks, whoever opened it. Kernels before 5.11 do without.
    syscall(SYS_close_range, 3U, ~0U, 4U);
    if (child->has_account) {
        // The bare calls: glibc's tell every thread of the process, and those that they would find are the parent's.
        if (syscall(SYS_setgroups, child->group_count, child->groups) < 0) millrace_child_fail(report);
        if (syscall(SYS_setgid, child->group) < 0) millrace_child_fail(report);
        if (syscall(SYS_setuid, child->user) < 0) millrace_child_fail(report);
    }
    if (child->folder && chdir(child->folder) < 0) millrace_child_fail(report);
    if (child->death_signal) {
        // After setuid, which clears it (prctl(2)); the parent may be gone already.
        if (prctl(PR_SET_PDEATHSIG, child->death_signal) < 0) millrace_child_fail(report);
        if (getppid() != parent) _exit(127);
    }
    execve(child->program, child->arguments, child->environment);
    millrace_child_fail(report);
}

// Starts `child`. Returns its process id; on failure -1, with errno set also when it failed after vfork.
//
// vfork, because fork copies the tables of all pages, and has each page that is written to afterwards copied: of a
// process of some hundred megabytes that takes much longer than all else.
static inline pid_t millrace_spawn(const struct millrace_child *child) {
    int report[2], code = 0;
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    // No handler of the parent may run in the child.
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

static inline int millrace_exited(int status) { return WIFEXITED(status); }
static inline int millrace_exit_code(int status) { return WEXITSTATUS(status); }
static inline int millrace_exit_signal(int status) { return WTERMSIG(status); }
