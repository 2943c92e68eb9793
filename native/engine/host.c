#include "host.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

/* Memory of a typed array. Buffers of this engine do not move. NULL with an exception set if it is none. */
static uint8_t *memory_of(JSContext *context, JSValueConst value, size_t *size)
{
	size_t offset, length, element, total;
	JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &length, &element);
	if (JS_IsException(buffer))
		return NULL;
	uint8_t *memory = JS_GetArrayBuffer(context, &total, buffer);
	JS_FreeValue(context, buffer); /* the array still holds it */
	if (memory == NULL)
		return NULL;
	*size = length;
	return memory + offset;
}

/*
 * syscall(number, ...): integers (number or bigint), strings (UTF-8; NUL refused) and memory, at most six, which end at the first undefined.
 * Never throws but for wrong types.
 */
static JSValue js_syscall(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	long word[7] = { 0 };
	const char *strings[7] = { NULL };
	int string_count = 0;
	JSValue result = JS_UNDEFINED;

	if (argc < 1 || argc > 7)
		return JS_ThrowTypeError(context, "syscall takes a number and up to six arguments, got %d", argc);
	for (int i = 0; i < argc && !JS_IsUndefined(argv[i]); i++) {
		JSValueConst value = argv[i];
		if (JS_IsNumber(value) || JS_IsBigInt(context, value)) {
			int64_t number;
			if (JS_ToInt64Ext(context, &number, value) != 0)
				goto exception;
			word[i] = (long)number;
		} else if (JS_IsString(value)) {
			size_t length;
			const char *text = JS_ToCStringLen(context, &length, value);
			if (text == NULL)
				goto exception;
			strings[string_count++] = text;
			if (memchr(text, 0, length) != NULL) { /* input.2: the kernel would see another string */
				JS_ThrowTypeError(context, "string argument %d holds NUL", i);
				goto exception;
			}
			word[i] = (long)text;
		} else {
			size_t size;
			uint8_t *memory = memory_of(context, value, &size);
			if (memory == NULL)
				goto exception;
			word[i] = (long)memory;
		}
	}
	result = JS_NewInt64(context, tsr_raw(word[0], word[1], word[2], word[3], word[4], word[5], word[6]));
	goto out;
exception:
	result = JS_EXCEPTION;
out:
	for (int i = 0; i < string_count; i++)
		JS_FreeCString(context, strings[i]);
	return result;
}

/* addressOf(memory): address of its first byte, 47 bits. */
static JSValue js_address_of(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	size_t size;
	uint8_t *memory = argc < 1 ? NULL : memory_of(context, argv[0], &size);
	if (memory == NULL)
		return JS_ThrowTypeError(context, "addressOf takes memory");
	return JS_NewInt64(context, (int64_t)(uintptr_t)memory);
}

/* clone(args, calls, slots, report): see raw.h and src/host/host.ts. */
static JSValue js_clone(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	size_t args_size, calls_size, slots_size;
	int32_t report;
	if (argc < 4 || JS_ToInt32(context, &report, argv[3]) != 0)
		return JS_ThrowTypeError(context, "clone takes args, calls, slots and a descriptor");
	uint8_t *args = memory_of(context, argv[0], &args_size);
	uint8_t *calls = memory_of(context, argv[1], &calls_size);
	uint8_t *slots = memory_of(context, argv[2], &slots_size);
	if (args == NULL || calls == NULL || slots == NULL)
		return JS_ThrowTypeError(context, "clone takes memory");
	long result = tsr_clone(args, args_size, (const struct tsr_call *)calls, calls_size / sizeof(struct tsr_call), (uint64_t *)slots,
				slots_size / sizeof(uint64_t), report);
	return JS_NewInt64(context, result);
}

/*
 * text(memory): its text, undefined if it is not all ASCII. What a loop in TypeScript, or the engine's regular expressions, do in 80 ns a byte:
 * every file that is read goes through here.
 */
static JSValue js_text(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	size_t size;
	if (argc < 1)
		return JS_ThrowTypeError(context, "text takes memory");
	uint8_t *memory = memory_of(context, argv[0], &size);
	if (memory == NULL)
		return JS_EXCEPTION;
	uint8_t all = 0;
	for (size_t i = 0; i < size; i++)
		all |= memory[i];
	return all & 0x80 ? JS_UNDEFINED : JS_NewStringLen(context, (const char *)memory, size);
}

/* bytes(text): its UTF-8; a lone surrogate becomes the three bytes that encode it. */
static JSValue js_bytes(JSContext *context, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value;
	size_t size;
	if (argc < 1 || !JS_IsString(argv[0]))
		return JS_ThrowTypeError(context, "bytes takes text");
	const char *text = JS_ToCStringLen(context, &size, argv[0]);
	if (text == NULL)
		return JS_EXCEPTION;
	JSValue buffer = JS_NewArrayBufferCopy(context, (const uint8_t *)text, size);
	JS_FreeCString(context, text);
	if (JS_IsException(buffer))
		return buffer;
	JSValueConst whole[3] = { buffer, JS_UNDEFINED, JS_UNDEFINED }; /* with offset and length: the engine looks at all three */
	JSValue array = JS_NewTypedArray(context, 3, whole, JS_TYPED_ARRAY_UINT8);
	JS_FreeValue(context, buffer);
	return array;
}

JSValue tsr_host_object(JSContext *context)
{
	JSValue native = JS_NewObject(context);
	JS_SetPropertyStr(context, native, "syscall", JS_NewCFunction(context, js_syscall, "syscall", 7));
	JS_SetPropertyStr(context, native, "addressOf", JS_NewCFunction(context, js_address_of, "addressOf", 1));
	JS_SetPropertyStr(context, native, "clone", JS_NewCFunction(context, js_clone, "clone", 4));
	JS_SetPropertyStr(context, native, "text", JS_NewCFunction(context, js_text, "text", 1));
	JS_SetPropertyStr(context, native, "bytes", JS_NewCFunction(context, js_bytes, "bytes", 1));
	return native;
}
