/* What plugins/dependent.c needs. */
int needed_value(void);

int needed_value(void)
{
	return 4711;
}
