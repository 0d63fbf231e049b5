#include "base/utf8.h"

size_t utf8_size(const char *text, size_t left)
{
	static const struct {
		unsigned char first, last, second_low, second_high, size;
	} forms[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	             {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	             {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (left < forms[i].size || at[1] < forms[i].second_low || at[1] > forms[i].second_high)
			return 0;
		for (size_t j = 2; j < forms[i].size; j++)
			if ((at[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}
