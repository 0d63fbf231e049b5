/*
 * What is JSON, and what it says: the same as jansson has it, for texts that are right and for texts with a few wrong
 * bytes.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>

#include "oci/json.h"
#include "support/random.h"
#include "support/run.h"

enum { TEXT_MAX = 2048, RUNS = 100000, CHANGES_MAX = 4 };

static const char *const seeds[] = {
    "{\"a\":[1,-2.5e+3,0,-0,1E9,0.1],\"b\":{\"\":null,\"c\":[true,false,[],{}]},\"d\":"
    "\"\\u00e9\\ud83d\\ude00\\n\\\\\\/\\\"\"}",
    " [ \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" , \"\\b\\f\\r\\t\" ]\r\n\t",
    "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":"
    "18446744073709551615}]}",
    "\"a text alone\"",
    "-12.25e-3",
    "null",
    "[[[[[[[[\"deep\"]]]]]]]]",
    "{\"a\":1,\"b\":2,\"a\":3}",
    "{\"k\":1,\"\\u006b\":2}",
};

/* What mutations put in: the bytes that JSON is made of, and some that it is not. */
static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "0",
    "1",
    "-",
    "+",
    ".",
    "e",
    "E",
    "null",
    "true",
    "false",
    " ",
    "\n",
    "\t",
    "\r",
    "\x01",
    "\x7f",
    "\xc3\xa9",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xc0\xaf",
    "\xff",
    "\x80",
    "a",
    "\"a\":",
    "/",
    "'",
    "\v",
    "\"\"",
    "[1]",
    "{\"z\":2}",
    "\xef\xbf\xbf",
    "#",
};

static bool is_same(const struct value *value, const json_t *json);

static bool is_same_object(const struct value *value, const json_t *json)
{
	for (size_t i = 0; i < value->count; i++) {
		const json_t *member = json_object_get(json, value->items[i].key);
		if (!member || !is_same(&value->items[i], member))
			return false;
	}
	return value->count == json_object_size(json);
}

static bool is_same_array(const struct value *value, const json_t *json)
{
	for (size_t i = 0; i < value->count && i < json_array_size(json); i++)
		if (!is_same(&value->items[i], json_array_get(json, i)))
			return false;
	return value->count == json_array_size(json);
}

static bool is_same_number(const struct value *value, const json_t *json)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)value->length, value->text);
	double number = strtod(text, NULL), other = json_number_value(json);
	return memcmp(&number, &other, sizeof(number)) == 0;
}

static bool is_same(const struct value *value, const json_t *json)
{
	switch (value->kind) {
	case VALUE_OBJECT:
		return json_is_object(json) && is_same_object(value, json);
	case VALUE_ARRAY:
		return json_is_array(json) && is_same_array(value, json);
	case VALUE_STRING:
		return json_is_string(json) && value->length == json_string_length(json) &&
		       strcmp(value->text, json_string_value(json)) == 0;
	case VALUE_NUMBER:
		return json_is_number(json) && is_same_number(value, json);
	case VALUE_TRUTH:
		return json_is_boolean(json) && (*value->text == 't') == json_is_true(json);
	case VALUE_NULL:
		return json_is_null(json);
	}
	return false;
}

/* True where jansson refuses what is JSON, since no double holds it. */
static bool is_beyond_double(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow;
}

static bool check(const char *text, size_t size)
{
	struct document document = {0};
	struct messages messages = {.file = ""};
	json_error_t error;
	json_t *json =
	    json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	int result = document_parse(&document, text, size, &messages);
	bool taken = result == 0 && messages.errors == 0;

	if (taken || json)
		ck_assert_msg(taken == (json || is_beyond_double(&error)), "%.*s: %s, jansson: %s", (int)size, text,
		              messages.list.count ? messages.list.items[0].shown.text : "taken",
		              json ? "taken" : error.text);
	ck_assert_msg(
	    taken || (messages.list.count && messages.list.items[0].shown.line && *messages.list.items[0].shown.text),
	    "%.*s: no message", (int)size, text);
	ck_assert_msg(!json || is_same(document.root, json), "%.*s: another meaning", (int)size, text);
	document_finish(&document);
	messages_finish(&messages);
	json_decref(json);
	return taken;
}

/* Replaces, inserts or cuts out something. */
static size_t mutate(struct random *random, char *text, size_t size)
{
	const char *piece = pieces[random_below(random, sizeof(pieces) / sizeof(pieces[0]))];
	size_t at = random_below(random, (uint32_t)size + 1), length = strlen(piece);
	size_t cut = random_below(random, 3);

	cut = cut < size - at ? cut : size - at;
	if (size - cut + length > TEXT_MAX)
		return size;
	memmove(text + at + length, text + at + cut, size - at - cut);
	memcpy(text + at, piece, length);
	return size - cut + length;
}

START_TEST(seeds_as_they_are)
{
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		ck_assert_msg(check(seeds[i], strlen(seeds[i])) == (i < 7), "%s", seeds[i]);
}
END_TEST

START_TEST(changed_ones)
{
	struct random random = random_start("json");
	unsigned long taken = 0, runs = random_runs(RUNS);
	char text[TEXT_MAX];

	for (unsigned long i = 0; i < runs; i++) {
		const char *seed = seeds[random_below(&random, sizeof(seeds) / sizeof(seeds[0]))];
		size_t size = strlen(seed);
		memcpy(text, seed, size);
		for (uint32_t changes = random_below(&random, CHANGES_MAX) + 1; changes > 0; changes--)
			size = mutate(&random, text, size);
		taken += check(text, size);
	}
	ck_assert_msg(taken > runs / 50 && taken < runs / 2, "%lu of %lu", taken, runs);
}
END_TEST

/* What is written as a string is read as the same text by jansson, and bytes that are not UTF-8 as U+FFFD. */
START_TEST(written_strings)
{
	struct random random = random_start("strings");

	for (unsigned long i = random_runs(20000); i > 0; i--) {
		struct strbuf out = {0}, text = {0};
		for (uint32_t parts = random_below(&random, 8); parts > 0; parts--)
			strbuf_append(&text, pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
		strbuf_append(&text, "");
		json_t *plain = json_string(text.text);
		json_write_string(&out, text.text);
		json_t *json = json_loads(out.text, JSON_DECODE_ANY, NULL);
		ck_assert_msg(json_is_string(json), "%s", out.text);
		ck_assert_msg(plain ? json_equal(plain, json) == 1
		                    : strstr(json_string_value(json), "\xef\xbf\xbd") != NULL,
		              "%s: %s", text.text, out.text);
		json_decref(plain);
		json_decref(json);
		strbuf_finish(&out);
		strbuf_finish(&text);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("JSON");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, seeds_as_they_are);
	tcase_add_test(tcase, changed_ones);
	tcase_add_test(tcase, written_strings);
	return test_run(tcase);
}
