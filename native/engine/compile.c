/*
 * Build-time tool: compiles scripts to bytecode with the very engine that will read it.
 *     compile OUT_DIR NAME=SCRIPT...
 * Without line numbers: the scripts are one long line of minified names, and what is not there need not be read at every start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		size_t size;
		char *text = read_file(equals + 1, &size);
		if (text == NULL) {
			fprintf(stderr, "compile: cannot read %s\n", equals + 1);
			return 1;
		}
		char name[256];
		snprintf(name, sizeof name, "%s.js", argv[i]);
		JSValue code = JS_Eval(context, text, size, name, JS_EVAL_FLAG_COMPILE_ONLY | JS_EVAL_TYPE_GLOBAL);
		if (JS_IsException(code)) {
			JSValue exception = JS_GetException(context);
			fprintf(stderr, "compile: %s: %s\n", argv[i], JS_ToCString(context, exception));
			return 1;
		}
		size_t length;
		uint8_t *bytes = JS_WriteObject(context, &length, code, JS_WRITE_OBJ_BYTECODE);
		char path[4096];
		snprintf(path, sizeof path, "%s/%s.bin", argv[1], argv[i]);
		FILE *out = fopen(path, "wb");
		if (out == NULL || fwrite(bytes, 1, length, out) != length || fclose(out) != 0) {
			fprintf(stderr, "compile: cannot write %s\n", path);
			return 1;
		}
	}
	return 0;
}
