#include "raw.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/sched.h>

#ifdef TSR_PROFILE
#include "profile.h"
#endif

#ifdef TSR_COVERAGE
void __gcov_dump(void);
#endif

#ifdef TSR_FAULTS
#define TSR_FAULT_KILL (-4096)
#define TSR_FAULT_INTERRUPT (1L << 20)
#endif

static inline long raw(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#else
#error "ts-runc knows x86_64 and aarch64"
#endif
}

long tsr_raw(long number, long a, long b, long c, long d, long e, long f)
{
#ifdef TSR_COVERAGE
	if (number == __NR_exit_group)
		__gcov_dump();
#endif
#ifdef TSR_PROFILE
	struct tsr_profile *record = tsr_profile_begin(number);
	long result = raw(number, a, b, c, d, e, f);
	tsr_profile_end(record, result);
	return result;
#else
	return raw(number, a, b, c, d, e, f);
#endif
}

/* How long a failed list that ran in place waits to be looked at from outside (/proc/PID/root) before it ends. */
#define LINGER_SECONDS 2

static void fail(int report, size_t index, long result, int linger)
{
	struct tsr_report message = { 0xffffffffu, (int32_t)index, result < 0 ? (int32_t)-result : 0 };
	tsr_raw(__NR_write, report, (long)&message, sizeof message, 0, 0, 0);
	if (linger) {
		int64_t wait[2] = { LINGER_SECONDS, 0 };
		tsr_raw(__NR_ppoll, 0, 0, (long)wait, 0, 8, 0);
	}
	tsr_raw(__NR_exit_group, 127, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

/* Runs the list. Only raw system calls: in a process cloned from a threaded one, libc's locks may be held for ever. */
static void run(const struct tsr_call *calls, size_t count, uint64_t *slots, size_t slot_count, int report, int linger)
{
	size_t i = 0;
	while (i < count) {
		const struct tsr_call *call = &calls[i];
		uint64_t word[6];
		for (int k = 0; k < 6; k++) {
			word[k] = call->word[k];
			if (call->slot_mask & (1u << k)) {
				if (word[k] >= slot_count)
					fail(report, i, -EINVAL, linger);
				word[k] = slots[word[k]];
			}
		}
		long result;
		long number = (long)call->number;
#ifdef TSR_FAULTS
		/* Test build only (src/host/faults.ts): a record can say that it fails, is interrupted once, or is the process's last. */
		if (number == TSR_FAULT_KILL)
			tsr_raw(__NR_kill, tsr_raw(__NR_getpid, 0, 0, 0, 0, 0, 0), 9, 0, 0, 0, 0);
		int interrupted = number >= TSR_FAULT_INTERRUPT;
		if (interrupted)
			number -= TSR_FAULT_INTERRUPT;
#endif
		do {
#ifdef TSR_FAULTS
			if (number < 0 || interrupted) {
				result = interrupted ? -EINTR : number;
				interrupted = 0;
				continue;
			}
#endif
			result = tsr_raw(number, word[0], word[1], word[2], word[3], word[4], word[5]);
		} while (result == -EINTR);
		if (result < call->least && !(result < 0 && (call->accept == -1 || call->accept == -result)))
			fail(report, i, result, linger);
		if (call->result_slot >= 0 && (size_t)call->result_slot < slot_count)
			slots[call->result_slot] = (uint64_t)result;
		if (result == 0 && call->jump_on_zero >= 0)
			i = (size_t)call->jump_on_zero;
		else
			i++;
	}
}

long tsr_clone(const void *args, size_t args_size, const struct tsr_call *calls, size_t count, uint64_t *slots, size_t slot_count, int report)
{
	if (args_size == 0) {
		run(calls, count, slots, slot_count, report, 1);
		return 0;
	}
	/* The kernel's signal set: 64 bits. Blocked so that no handler of the host runs in the child. */
	uint64_t all = ~(uint64_t)0, before = 0;
	long result = tsr_raw(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&all, (long)&before, sizeof all, 0, 0);
	if (result < 0)
		return result;
	result = tsr_raw(__NR_clone3, (long)args, (long)args_size, 0, 0, 0, 0);
	/* A plain fork, which the child of a hook and of exec's stage is: a seccomp filter that we run under may know clone only, as Docker's does
	 * without CAP_SYS_ADMIN. */
	const struct clone_args *plain = args;
	if (result < 0 && (plain->flags & ~(uint64_t)CLONE_PARENT) == 0)
		result = tsr_raw(__NR_clone, (long)(plain->flags | plain->exit_signal), 0, 0, 0, 0, 0);
	if (result == 0) {
		run(calls, count, slots, slot_count, report, 0);
		return 0;
	}
	tsr_raw(__NR_rt_sigprocmask, 2, (long)&before, 0, sizeof before, 0, 0);
	return result;
}
