package words

import (
	"slices"
	"strconv"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// LateNote is something that came after the verdict.
type LateNote struct {
	Name    string // of its kind; each is said once
	Loud    bool   // to be seen in the channel itself, not in the case's thread
	Message chat.Message
}

// Late lists what came after the verdict and is not part of the case itself.
func (b *Book) Late(story store.Story) []LateNote {
	var notes []LateNote
	for _, answer := range story.Answers {
		if note, ok := b.lateAnswer(story, answer); ok {
			notes = append(notes, note)
		}
	}
	for _, proof := range story.Proofs {
		if note, ok := b.lateProof(story, proof); ok {
			notes = append(notes, note)
		}
	}
	return notes
}

func (b *Book) lateAnswer(story store.Story, answer alert.Answer) (LateNote, bool) {
	if !answer.Late || story.Record.Verdict.Outcome == alert.Confirmed {
		return LateNote{}, false
	}
	note := LateNote{Name: string(answer.Choice), Loud: answer.Choice.Refuses()}
	if note.Loud {
		note.Message = oneLine(b.text("late."+string(answer.Choice), fill{"Who": b.who(story), "Title": cut(story.Record.Title, 200)}))
	} else {
		note.Message = oneLine(b.text("late.answer", fill{"Who": b.who(story), "Answer": b.choice(answer.Choice)}))
	}
	return note, true
}

func (b *Book) lateProof(story store.Story, proof alert.Proof) (LateNote, bool) {
	settled := story.Record.SettledAt
	late := proof.DecidedAt.After(settled) || ofLateAnswer(story, proof)
	if settled.IsZero() || !late || proof.Result == alert.ProofPending {
		return LateNote{}, false
	}
	note := LateNote{
		Name: "proof-" + strconv.Itoa(proof.Attempt),
		Loud: proof.Result == alert.ProofFraud || proof.Result == alert.ProofDenied,
	}
	key := "late.proof"
	if note.Loud {
		key = "late.proof_against"
	}
	note.Message = oneLine(b.text(key, fill{"Who": b.who(story), "Result": b.proof(proof)}))
	return note, true
}

func ofLateAnswer(story store.Story, proof alert.Proof) bool {
	return slices.ContainsFunc(story.Answers, func(answer alert.Answer) bool {
		return answer.Late && answer.ID != "" && answer.ID == proof.AnswerID
	})
}
