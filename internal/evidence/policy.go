package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// revisionDigits is how many hex digits of a text's SHA-256 name a policy's revision.
const revisionDigits = 12

// checkPolicy tells whether the plan is of the revision that the timeline tells of, and
// the policy's text is that revision's.
func checkPolicy(bundle Bundle) error {
	planned, err := plannedBy(bundle.Timeline)
	if err != nil {
		return err
	}
	if len(bundle.Plan) == 0 {
		if planned != "" || bundle.Policy != nil {
			return errors.New("the plan is missing")
		}
		return nil
	}
	var plan struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal(bundle.Plan, &plan); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	if planned != "" && planned != plan.Revision {
		return fmt.Errorf("the plan is of policy %q, and the timeline tells of %q", plan.Revision, planned)
	}
	return bundle.Policy.check(plan.Revision)
}

// plannedBy is the revision that a timeline tells of; "" while nothing was planned.
func plannedBy(entries []Entry) (string, error) {
	var says struct {
		Revision string `json:"revision"`
	}
	for _, entry := range entries {
		if entry.Kind != "planned" {
			continue
		}
		if err := json.Unmarshal(entry.Data, &says); err != nil {
			return "", fmt.Errorf("read entry %d of the timeline: %w", entry.Seq, err)
		}
	}
	return says.Revision, nil
}

// check tells whether a policy is the one of a revision.
func (p *Policy) check(revision string) error {
	switch {
	case p == nil:
		return fmt.Errorf("policy %q, which the plan follows from, is missing", revision)
	case p.Revision != revision:
		return fmt.Errorf("the policy is %q, and the plan follows from %q", p.Revision, revision)
	case !ofText(revision) && p.Text == "":
		return nil
	case revisionOf(p.Text) != revision:
		return fmt.Errorf("the policy's text is not that of revision %q", revision)
	default:
		return nil
	}
}

// ofText tells a revision of a file from a name that says that there is none, such as
// "built-in", or "withdrawn" of an alert that was before it was planned.
func ofText(revision string) bool {
	_, err := hex.DecodeString(revision)
	return err == nil && len(revision) == revisionDigits
}

func revisionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:revisionDigits]
}
