#ifndef TSRUNC_PROFILE_H
#define TSRUNC_PROFILE_H

#include <stdint.h>

/* One system call: nanoseconds of CLOCK_MONOTONIC. Number -1: the program has begun. End 0: the call did not return. */
struct tsr_profile {
	int64_t number, start, end;
	int32_t result, pid;
	int64_t faults; /* of the process before the call */
};

/* NULL where there is no profile to write to. */
struct tsr_profile *tsr_profile_begin(int64_t number);
void tsr_profile_end(struct tsr_profile *record, int64_t result);

#endif
