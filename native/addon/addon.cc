// The Node addon: address of a buffer, and clone, whose child must never run JavaScript in a copied V8.
// tsr_raw (native/common/raw.c) is exported for ffi-rs. Built by native/setup.mjs with g++ directly, no node-gyp.
#include <napi.h>

extern "C" {
#include "raw.h"
}

static Napi::Uint8Array Memory(const Napi::CallbackInfo &info, size_t index)
{
	if (info.Length() <= index || !info[index].IsTypedArray())
		throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(index) + " is not a Uint8Array");
	return info[index].As<Napi::Uint8Array>();
}

static Napi::Value AddressOf(const Napi::CallbackInfo &info)
{
	Napi::Uint8Array memory = Memory(info, 0);
	// Asking for the ArrayBuffer moves small arrays off the V8 heap, so that the address stays.
	Napi::ArrayBuffer buffer = memory.ArrayBuffer();
	return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(buffer.Data()) + memory.ByteOffset()));
}

static Napi::Value Clone(const Napi::CallbackInfo &info)
{
	Napi::Uint8Array args = Memory(info, 0), calls = Memory(info, 1), slots = Memory(info, 2);
	int report = info[3].As<Napi::Number>().Int32Value();
	long result = tsr_clone(args.Data(), args.ByteLength(), reinterpret_cast<const tsr_call *>(calls.Data()), calls.ByteLength() / sizeof(tsr_call),
				reinterpret_cast<uint64_t *>(slots.Data()), slots.ByteLength() / sizeof(uint64_t), report);
	return Napi::Number::New(info.Env(), static_cast<double>(result));
}

static Napi::Object Init(Napi::Env env, Napi::Object exports)
{
	exports.Set("addressOf", Napi::Function::New(env, AddressOf));
	exports.Set("clone", Napi::Function::New(env, Clone));
	return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
