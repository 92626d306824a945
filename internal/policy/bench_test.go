package policy_test

import (
	"os"
	"testing"

	"securitybot/internal/policy"
)

// A plan is made within a transaction that holds a person's row.
func BenchmarkPlan(b *testing.B) {
	text, err := os.ReadFile("../../examples/policy.yaml")
	if err != nil {
		b.Fatal(err)
	}
	file, err := policy.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	p := file.Policy(policy.Environment{})
	for b.Loop() {
		p.Plan(sudo, berlin, nil, now)
	}
}
