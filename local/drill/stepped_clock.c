/* Preloaded into the programs of a drill: the clock of a process is off by the seconds that stand in
   $STEPPED_CLOCK_DIRECTORY/PID, from the moment the file appears until it is gone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_NS 50000000L

static int (*real_clock_gettime)(clockid_t, struct timespec *);

static long offset_seconds(void) {
    static __thread long offset;
    static __thread long long looked_at;
    struct timespec now;
    real_clock_gettime(CLOCK_MONOTONIC, &now);
    long long now_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    const char *directory = getenv("STEPPED_CLOCK_DIRECTORY");
    if (directory && now_ns - looked_at > LOOK_EVERY_NS) {
        char path[512];
        looked_at = now_ns;
        offset = 0;
        snprintf(path, sizeof path, "%s/%d", directory, getpid());
        FILE *file = fopen(path, "r");
        if (file) {
            if (fscanf(file, "%ld", &offset) != 1) offset = 0;
            fclose(file);
        }
    }
    return offset;
}

int clock_gettime(clockid_t clock, struct timespec *when) {
    if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real_clock_gettime(clock, when);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) when->tv_sec += offset_seconds();
    return status;
}

time_t time(time_t *when) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (when) *when = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict when, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    when->tv_sec = now.tv_sec;
    when->tv_usec = now.tv_nsec / 1000;
    return 0;
}
