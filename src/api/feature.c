#include "api/feature.h"

int feature_missing(enum load_feature feature, const char *what, int result, struct diag *diag)
{
	const struct load_feature_facts *facts = load_feature_facts(feature);

	return diag_fail(diag, result, "%s needs Linux %s (API level %u is in force)",
	                 what ? what : facts->name, facts->since, load_level());
}

int feature_check(enum load_feature feature, int result, struct diag *diag)
{
	return load_has(feature) ? 0 : feature_missing(feature, NULL, result, diag);
}
