/*
 * long probe_native(long nr, const uint64_t args[6]) and probe_x86(...): one system call each, by syscall and by int 0x80,
 * whose return address has a name, because the kernel passes it to the filter.
 */
	.text
	.globl probe_native, probe_native_ip
	.type probe_native, @function
probe_native:
	mov %rdi, %rax
	mov %rsi, %rcx
	mov (%rcx), %rdi
	mov 8(%rcx), %rsi
	mov 16(%rcx), %rdx
	mov 24(%rcx), %r10
	mov 32(%rcx), %r8
	mov 40(%rcx), %r9
	syscall
probe_native_ip:
	ret
	.size probe_native, . - probe_native

	.globl probe_x86, probe_x86_ip
	.type probe_x86, @function
probe_x86:
	push %rbx
	push %rbp
	mov %rdi, %rax
	mov %rsi, %r11
	mov (%r11), %rbx
	mov 8(%r11), %rcx
	mov 16(%r11), %rdx
	mov 24(%r11), %rsi
	mov 32(%r11), %rdi
	mov 40(%r11), %rbp
	int $0x80
probe_x86_ip:
	pop %rbp
	pop %rbx
	movslq %eax, %rax
	ret
	.size probe_x86, . - probe_x86
	.section .note.GNU-stack, "", @progbits
