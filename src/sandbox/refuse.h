/*
 * What failed, as the thread's text that callgate_diagnosis(NULL) shows.
 */
#ifndef CALLGATE_SANDBOX_REFUSE_H
#define CALLGATE_SANDBOX_REFUSE_H

/* Sets the text and returns `result`. */
__attribute__((format(printf, 2, 3))) int refuse(int result, const char *format, ...);

#endif
