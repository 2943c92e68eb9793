/*
 * The product: one static executable that embeds QuickJS and the packed TypeScript.
 * Order of main(): protect our own file (seal.c), take the booted engine from the executable's image (heap.h), call `start` of src/hot.ts.
 * Everything else is TypeScript.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "chunks.h"
#include "heap.h"
#include "host.h"
#include "pack.h"
#include "quickjs.h"
#include "seal.h"

extern char **environ;

static void print_exception(JSContext *context)
{
	JSValue exception = JS_GetException(context);
	const char *text = JS_ToCString(context, exception);
	JSValue stack = JS_IsObject(exception) ? JS_GetPropertyStr(context, exception, "stack") : JS_UNDEFINED;
	const char *trace = JS_IsUndefined(stack) ? NULL : JS_ToCString(context, stack);
	dprintf(2, "ts-runc: internal error: %s\n%s", text ? text : "?", trace ? trace : "");
}

static const struct tsr_chunk *find_chunk(const char *name)
{
	for (size_t i = 0; i < tsr_chunk_count; i++)
		if (strcmp(tsr_chunks[i].name, name) == 0)
			return &tsr_chunks[i];
	return NULL;
}

/* Runs one chunk: bytecode that is part of this executable (ts.8), compiled from a script that registers its exports. */
static int run_chunk(JSContext *context, const char *name)
{
	const struct tsr_chunk *chunk = find_chunk(name);
	size_t packed = chunk == NULL ? 0 : (size_t)(chunk->end - chunk->start);
	size_t size = chunk == NULL ? 0 : tsr_unpacked_size(chunk->start, packed);
	uint8_t *bytes = size == 0 ? NULL : malloc(size); /* libc's: the image must not hold it */
	if (bytes == NULL || tsr_unpack(bytes, size, chunk->start, packed) != 0) {
		JS_ThrowReferenceError(context, "no chunk %s", name);
		return -1;
	}
	JSValue code = JS_ReadObject(context, bytes, size, JS_READ_OBJ_BYTECODE);
	free(bytes);
	if (JS_IsException(code))
		return -1;
	JSValue result = JS_EvalFunction(context, code);
	if (JS_IsException(result))
		return -1;
	JS_FreeValue(context, result);
	return 0;
}

static JSValue js_load(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	if (argc < 1)
		return JS_UNDEFINED;
	const char *name = JS_ToCString(context, argv[0]);
	if (name == NULL)
		return JS_EXCEPTION;
	int failed = run_chunk(context, name);
	JS_FreeCString(context, name);
	return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue string_array(JSContext *context, char **strings, int (*is_wanted)(const char *string))
{
	JSValue array = JS_NewArray(context);
	uint32_t count = 0;
	for (; *strings != NULL; strings++)
		if (is_wanted == NULL || is_wanted(*strings))
			JS_SetPropertyUint32(context, array, count++, JS_NewString(context, *strings));
	return array;
}

/* The variables that src/main.ts reads. No other is copied: a process that joins a container with CAP_SYS_PTRACE could be looked into (exec.2). */
static int is_ours(const char *variable)
{
	static const char *const names[] = { "XDG_RUNTIME_DIR=", "LISTEN_FDS=", "LISTEN_PID=", "NOTIFY_SOCKET=", "TSRUNC_" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}

/*
 * The engine checks its recursion against this size: it must be what the kernel really grants, or deep input is a crash and no error (ts.5).
 * A quarter is left for C frames that the check does not see.
 */
static size_t usable_stack(void)
{
	struct rlimit limit;
	size_t size = 8 * 1024 * 1024;
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
		size = limit.rlim_cur;
	return size - size / 4;
}

/* A booted engine with the host object, and nothing run in it yet. */
static JSContext *boot(JSRuntime **made)
{
	JSRuntime *runtime = JS_NewRuntime2(&tsr_heap, NULL);
	if (runtime == NULL)
		return NULL;
	*made = runtime;
	JS_SetMemoryLimit(runtime, (size_t)512 * 1024 * 1024);
	JS_SetGCThreshold(runtime, (size_t)-1); /* a short life: collecting costs more than it gives (ENGINE) */
	JSContext *context = JS_NewContextRaw(runtime);
	if (context == NULL)
		return NULL;
	JS_AddIntrinsicBaseObjects(context);
	JS_AddIntrinsicJSON(context);
	JS_AddIntrinsicTypedArrays(context);
	JS_AddIntrinsicRegExp(context);
	JS_AddIntrinsicMapSet(context);

	JSValue global = JS_GetGlobalObject(context);
	JSValue native = tsr_host_object(context);
	JS_SetPropertyStr(context, native, "load", JS_NewCFunction(context, js_load, "load", 1));
	JS_SetPropertyStr(context, global, "native", native);
	JS_FreeValue(context, global);
	return context;
}

/* At build time only: `PATH TRANSIENT CHUNK...`. Runs the chunks that are named, and keeps the heap. None of them looks at words, environment or kernel when it is run. */
static int make_image(char **argv)
{
	JSRuntime *runtime;
	if (argv[1] == NULL || argv[2] == NULL || tsr_image_begin(argv[2]) != 0)
		return 1;
	JSContext *context = boot(&runtime);
	if (context == NULL)
		return 1;
	for (char **name = argv + 3; *name != NULL; name++)
		if (run_chunk(context, *name) != 0) {
			print_exception(context);
			return 1;
		}
	JSValue global = JS_GetGlobalObject(context);
	JSValue start = JS_GetPropertyStr(context, global, "start");
	JS_FreeValue(context, global);
	return JS_IsFunction(context, start) && tsr_image_write(argv[1], argv[2], runtime, context, start) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)argc;
	if (tsr_image_wanted())
		return make_image(argv);
	tsr_seal_self(argv, environ);

	JSRuntime *runtime;
	JSValue start;
	JSContext *context = tsr_image_context(&runtime, &start);
	if (context == NULL) {
		dprintf(2, "ts-runc: internal error: the heap image is of another program\n");
		return 1;
	}
	JS_UpdateStackTop(runtime);
	JS_SetMaxStackSize(runtime, usable_stack());
	JSValue given[] = { string_array(context, argv, NULL), string_array(context, environ, is_ours) };
	if (JS_IsException(JS_Call(context, start, JS_UNDEFINED, 2, given)))
		print_exception(context);
	/* `start` ends the process itself (exit_group); freeing the engine would only cost time. */
	return 1;
}
