#include <callgate/decode.h>

#include <stdbool.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "info/tables.h"
#include "info/text.h"

enum { TEXT_MAX = 128 }; /* of a string of the process that is shown */

/* ---- arguments ---- */

/* An argument of a call on an architecture, reduced to the bits that the kernel reads. */
struct shown_argument {
	uint32_t arch;
	const struct argument *row;
	unsigned bits;
	uint64_t value;
	callgate_text_reader *reader;
	void *data;
};

static uint64_t low_bits(uint64_t value, unsigned bits)
{
	return bits < 64 ? value & (((uint64_t)1 << bits) - 1) : value;
}

static unsigned bits_set(uint64_t value)
{
	return (unsigned)__builtin_popcountll(value);
}

static uint64_t mask_of(const struct family_constant *constant, int64_t value)
{
	return constant->mask ? constant->mask : (uint64_t)value & 0xffffffff;
}

/* The constant with the most bits that the value has all of; *bits are the bits that it explains. */
static const char *best_constant(const struct shown_argument *argument, uint64_t value, uint64_t taken, uint64_t *bits)
{
	const char *best = NULL;
	int64_t number;

	for (const struct family_constant *constant = argument->row->family; constant->name; constant++) {
		if (callgate_constant(argument->arch, constant->name, &number) < 0)
			continue;
		const uint64_t mask = mask_of(constant, number);
		if (mask == 0 || mask & taken || (value & mask) != ((uint64_t)number & mask))
			continue;
		if (!best || bits_set(mask) > bits_set(*bits)) {
			best = constant->name;
			*bits = mask;
		}
	}
	return best;
}

/* False: the value is none of the family's. */
static bool put_constants(struct text *text, const struct shown_argument *argument)
{
	uint64_t taken = 0, bits;
	const char *name;
	bool any = false;

	while ((name = best_constant(argument, argument->value, taken, &bits))) {
		text_put(text, any ? "|" : "");
		text_put(text, name);
		any = true;
		taken |= bits;
	}
	if (any && argument->value & ~taken) {
		text_put_char(text, '|');
		text_put_hex(text, argument->value & ~taken);
	}
	return any;
}

static void put_signed(struct text *text, const struct shown_argument *argument)
{
	const uint64_t sign = (uint64_t)1 << (argument->bits - 1);
	const int64_t value = (int64_t)((argument->value ^ sign) - sign);

	if (value < 0)
		text_put_char(text, '-');
	text_put_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_directory(struct text *text, const struct shown_argument *argument)
{
	int64_t here;

	if (callgate_constant(argument->arch, "AT_FDCWD", &here) == 0 && (uint32_t)here == argument->value)
		text_put(text, "AT_FDCWD");
	else
		put_signed(text, argument);
}

static void put_pointer(struct text *text, const struct shown_argument *argument)
{
	char words[TEXT_MAX + 1];

	if (argument->value == 0)
		text_put(text, "NULL");
	else if (argument->row->shown == SHOWN_PATH && argument->reader &&
	         argument->reader(argument->data, argument->value, words, sizeof(words)) == 0) {
		words[TEXT_MAX] = '\0';
		text_put_quoted(text, words, strlen(words) == TEXT_MAX);
	} else
		text_put_hex(text, argument->value);
}

static void put_argument(struct text *text, const struct shown_argument *argument)
{
	if (argument->row->family && put_constants(text, argument))
		return;
	switch ((enum shown)argument->row->shown) {
	case SHOWN_DIRECTORY:
		put_directory(text, argument);
		return;
	case SHOWN_SIGNED:
		put_signed(text, argument);
		return;
	case SHOWN_UNSIGNED:
		text_put_number(text, argument->value, 10);
		return;
	case SHOWN_MODE:
		text_put(text, argument->value ? "0" : "");
		text_put_number(text, argument->value, 8);
		return;
	case SHOWN_PATH:
	case SHOWN_POINTER:
	case SHOWN_ADDRESS:
		put_pointer(text, argument);
		return;
	case SHOWN_NOTHING:
	case SHOWN_HEX:
		break;
	}
	text_put_hex(text, argument->value);
}

size_t callgate_decode_argument(uint32_t arch, const char *call, unsigned int arg, uint64_t value, char *buffer,
                                size_t size)
{
	static const struct argument unknown = {.shown = SHOWN_HEX};
	const struct callgate_arch *facts = callgate_arch_find(arch);
	const struct prototype *prototype = call && facts ? prototype_find(facts, call) : NULL;
	const bool is_known = prototype && arg < CALLGATE_ARGUMENTS && prototype->arguments[arg].shown != SHOWN_NOTHING;
	struct text text = {buffer, size, 0};
	struct shown_argument argument = {.arch = arch,
	                                  .row = is_known ? &prototype->arguments[arg] : &unknown,
	                                  .bits = is_known ? callgate_argument_bits(arch, call, arg) : 64};

	argument.value = low_bits(value, argument.bits);
	put_argument(&text, &argument);
	return text_end(&text);
}

/* ---- calls ---- */

static void put_arguments(struct text *text, const struct callgate_call *call, unsigned known,
                          const struct callgate_arch *arch, const struct prototype *prototype,
                          callgate_text_reader *reader, void *data)
{
	for (unsigned i = 0; i < CALLGATE_ARGUMENTS; i++) {
		if (prototype && prototype->arguments[i].shown == SHOWN_NOTHING)
			return;
		text_put(text, i > 0 ? ", " : "");
		if (!(known >> i & 1)) {
			text_put(text, "...");
			if (known >> i == 0)
				return;
			continue;
		}
		if (!prototype) {
			text_put_hex(text, call->args[i]);
			continue;
		}
		struct shown_argument argument = {
		    .arch = arch->token, .row = &prototype->arguments[i], .reader = reader, .data = data};
		argument.bits = callgate_argument_bits(arch->token, prototype->call, i);
		argument.value = low_bits(call->args[i], argument.bits);
		put_argument(text, &argument);
	}
}

void text_put_call(struct text *text, const struct callgate_call *call, unsigned known, callgate_text_reader *reader,
                   void *data)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *name = arch ? callgate_syscall_name(arch->token, call->nr) : NULL;
	const struct prototype *prototype = name ? prototype_find(arch, name) : NULL;

	if (name)
		text_put(text, name);
	else if (call->nr < 0)
		text_put_hex(text, (uint32_t)call->nr);
	else
		text_put_number(text, (uint64_t)call->nr, 10);
	text_put_char(text, '(');
	put_arguments(text, call, known & CALL_ARGUMENTS, arch, prototype, reader, data);
	text_put_char(text, ')');
}

size_t callgate_decode_call(const struct callgate_call *call, callgate_text_reader *reader, void *data, char *buffer,
                            size_t size)
{
	struct text text = {buffer, size, 0};

	text_put_call(&text, call, CALL_ARGUMENTS, reader, data);
	return text_end(&text);
}
