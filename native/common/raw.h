/* What both native parts share: raw system calls, and a clone whose child first runs a list of system calls that is data. */
#ifndef TSRUNC_RAW_H
#define TSRUNC_RAW_H

#include <stddef.h>
#include <stdint.h>

/* One system call of a child's list. src/kernel/calls.ts writes these records; the layout is an interface (80 bytes). */
struct tsr_call {
	int64_t number;        /* system call number */
	uint64_t word[6];      /* arguments */
	uint32_t slot_mask;    /* bit i set: word[i] is the index of a slot, whose value is the argument */
	int32_t result_slot;   /* slot that takes the result, -1: none */
	int64_t least;         /* a smaller result is a failure (a short read has no errno) */
	int32_t accept;        /* errno that is no failure; 0: none, -1: any */
	int32_t jump_on_zero;  /* index to go on at when the result is 0 (clone's child), -1: the next */
};

/* Sent on the report descriptor by a child whose list failed. The marker cannot be the length of a channel message. */
struct tsr_report {
	uint32_t marker; /* 0xffffffff */
	int32_t index;   /* of the failed call */
	int32_t error;   /* errno, or 0 for a result below `least` */
};

/* libc-free system call: the result, or -errno. */
long tsr_raw(long number, long a, long b, long c, long d, long e, long f);

/*
 * clone3(2) with `args` (never CLONE_VM: the child must own its memory), all signals blocked meanwhile. The child runs
 * `calls`; on a bad result it sends a tsr_report on `report` and exits with 127. With args_size 0 no process is made and the list runs
 * here; a failure then lingers two seconds after its report, so that its cause can be read from outside. Returns the child's pid or -errno; 0 in the child when its list has run out. In the parent the signal mask is restored.
 */
long tsr_clone(const void *args, size_t args_size, const struct tsr_call *calls, size_t count, uint64_t *slots, size_t slot_count, int report);

#endif
