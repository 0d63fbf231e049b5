/*
 * A program as text for a human.
 */
#ifndef CALLGATE_BPF_DISASSEMBLE_H
#define CALLGATE_BPF_DISASSEMBLE_H

#include "base/strbuf.h"
#include "bpf/program.h"

/* One line per instruction: number, code, operation, operands, targets. Any bytes are taken. */
void bpf_disassemble(const struct callgate_program *program, struct strbuf *out);

/* "ALLOW", "ERRNO(1)", "KILL_PROCESS", or "0x12345678" for what is not a known action. */
void bpf_format_action(uint32_t action, struct strbuf *out);

#endif
