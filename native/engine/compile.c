/*
 * Build-time tool: compiles scripts to bytecode with the very engine that will read it, and packs that (pack.h).
 *     compile OUT_DIR NAME=SCRIPT...
 * Without line numbers: the scripts are one long line of minified names, and what is not there need not be read at every start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "quickjs.h"

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	char *text = malloc(*size + 1);
	if (text == NULL || fread(text, 1, *size, file) != *size)
		return NULL;
	text[*size] = 0;
	fclose(file);
	return text;
}

/* Packs, and proves that the program will get back what was packed. NULL when it would not. */
static uint8_t *packed(const uint8_t *bytes, size_t length, size_t *size)
{
	uint8_t *to = malloc(tsr_pack_bound(length)), *again = malloc(length);
	if (to == NULL || again == NULL)
		return NULL;
	*size = tsr_pack(to, bytes, length);
	if (tsr_unpacked_size(to, *size) != length || tsr_unpack(again, length, to, *size) != 0 || memcmp(again, bytes, length) != 0)
		return NULL;
	free(again);
	return to;
}

int main(int argc, char **argv)
{
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *context = JS_NewContext(runtime);
	JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
	for (int i = 2; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (equals == NULL)
			return 2;
		*equals = 0;
		size_t text_size;
		char *text = read_file(equals + 1, &text_size);
		if (text == NULL) {
			fprintf(stderr, "compile: cannot read %s\n", equals + 1);
			return 1;
		}
		char name[256];
		snprintf(name, sizeof name, "%s.js", argv[i]);
		JSValue code = JS_Eval(context, text, text_size, name, JS_EVAL_FLAG_COMPILE_ONLY | JS_EVAL_TYPE_GLOBAL);
		if (JS_IsException(code)) {
			JSValue exception = JS_GetException(context);
			fprintf(stderr, "compile: %s: %s\n", argv[i], JS_ToCString(context, exception));
			return 1;
		}
		size_t length;
		uint8_t *bytes = JS_WriteObject(context, &length, code, JS_WRITE_OBJ_BYTECODE);
		size_t size;
		uint8_t *small = packed(bytes, length, &size);
		if (small == NULL) {
			fprintf(stderr, "compile: %s: packing failed\n", argv[i]);
			return 1;
		}
		char path[4096];
		snprintf(path, sizeof path, "%s/%s.bin", argv[1], argv[i]);
		FILE *out = fopen(path, "wb");
		if (out == NULL || fwrite(small, 1, size, out) != size || fclose(out) != 0) {
			fprintf(stderr, "compile: cannot write %s\n", path);
			return 1;
		}
	}
	return 0;
}
