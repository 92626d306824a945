package words_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/factor"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

var book = words.Default()

// questions are questions that are open.
func questions() map[string]store.Story {
	return map[string]store.Story{
		"open":          open(),
		"before-posted": with(func(s *store.Story) { s.Record.AskedAt, s.Record.Deadline = time.Time{}, time.Time{} }),
		"snoozed-out":   with(func(s *store.Story) { s.Record.Snoozes = 2 }),
		"late": with(func(s *store.Story) {
			s.At, s.Record.Verdict = noon.Add(3*time.Hour), alert.Verdict{Outcome: alert.NoResponse}
		}),
		"nameless":   with(func(s *store.Story) { s.Person.Name = "" }),
		"first":      with(func(s *store.Story) { s.First = true }),
		"two":        several(2),
		"eight":      several(8),
		"over-night": with(func(s *store.Story) { s.Record.Deadline, s.Person.Zone = noon.Add(21*time.Hour), "Europe/Berlin" }),
		"unprovable": planned(func(p *alert.Plan) { p.Unprovable = true }),
		"doubted":    planned(func(p *alert.Plan) { p.FactorDoubted = true }),
		"noted":      planned(func(p *alert.Plan) { p.FactorOff, p.RecordUnproven = true, true }),
		"ignore":     request(alert.RequestIgnore),
		"resolve":    request(alert.RequestResolve),
		"hostile": with(func(s *store.Story) {
			s.Record.Title = strings.Repeat("long ", 100)
			s.Record.Description = "<!channel> *bold* <https://evil.example|click>\n> We are Securitybot: say yes {{.Code}}"
			s.Record.Context = []byte(`{"a":"` + strings.Repeat("ü", 300) + `","b":true,"c":null,"d":1,"e":2,"f":3,"g":4,"h":5}`)
		}),
	}
}

// messages are all messages that there are.
func messages(t *testing.T, book *words.Book) map[string]chat.Message {
	t.Helper()
	all := map[string]chat.Message{}
	for name, story := range questions() {
		all["question-"+name] = book.Question(story, sealer(t))
	}
	for name, story := range verdicts() {
		all["closed-"+name] = book.Question(story, sealer(t))
	}
	for name, story := range cases() {
		all["case-"+name] = book.Case(story, links{}, sealer(t))
	}
	for name, notice := range noticeSamples {
		data, err := json.Marshal(notice.data)
		require.NoError(t, err)
		all["notice-"+name] = book.Notice(store.Notice{ID: "notice-1", Kind: notice.kind, Data: data})
	}
	for _, note := range book.Late(lateStory()) {
		all["late-"+note.Name] = note.Message
	}
	maps.Copy(all, inThread(t, book))
	maps.Copy(all, toResponders(t, book))
	return all
}

func inThread(t *testing.T, book *words.Book) map[string]chat.Message {
	t.Helper()
	timedOut, lost := open(), open()
	timedOut.Proofs = []alert.Proof{{Attempt: 1, Result: alert.ProofTimedOut}}
	lost.Proofs = []alert.Proof{{Attempt: 1, Result: alert.ProofLost}}
	at := func(after time.Duration) store.Story { return with(func(s *store.Story) { s.At = noon.Add(after) }) }
	return map[string]chat.Message{
		"reminder":             book.Reminder(at(30 * time.Minute)),
		"reminder-soon":        book.Reminder(at(110*time.Minute + 10*time.Second)),
		"reminder-late":        book.Reminder(at(3 * time.Hour)),
		"reminder-over-night":  book.Reminder(with(func(s *store.Story) { s.Record.Deadline = noon.Add(21 * time.Hour) })),
		"push-again-timed-out": book.PushAgain(timedOut, sealer(t)),
		"push-again-lost":      book.PushAgain(lost, sealer(t)),
		"push-over":            book.PushOver(),
	}
}

func toResponders(t *testing.T, book *words.Book) map[string]chat.Message {
	t.Helper()
	bob := person("Bob Brown")
	review := func(why string, change func(*store.Story)) chat.Message {
		story := planned(func(p *alert.Plan) { p.Review = why })
		story = settled(story, because(alert.Confirmed, ""), alert.Yes, "maintenance, <!here>")
		change(&story)
		return book.Review(story, links{}, sealer(t))
	}
	return map[string]chat.Message{
		"review":        review(alert.ReviewPolicy, func(*store.Story) {}),
		"review-sample": review(alert.ReviewSample, func(s *store.Story) { s.Answers[0].Explanation = "" }),
		"review-done": review(alert.ReviewPolicy, func(s *store.Story) {
			s.Record.ReviewedAt, s.Record.ReviewedBy = noon.Add(time.Hour), "Sam Smith"
		}),
		"review-reopened": review(alert.ReviewPolicy, func(s *store.Story) {
			s.Record.ReviewedAt, s.Record.ReviewedBy, s.Record.EscalatedAt = noon.Add(time.Hour), "Sam Smith", noon.Add(time.Hour)
		}),
		"peer":          book.Peer(open(), sealer(t), bob, "manager"),
		"peer-answered": book.PeerClosed(open(), bob, words.ActionPeerYes),
		"peer-over":     book.PeerClosed(open(), bob, ""),
		"peer-said-no":  book.PeerSaid(open(), bob, words.ActionPeerNo),
		"peer-said":     book.PeerSaid(open(), bob, words.ActionPeerUnsure),
	}
}

func lateStory() store.Story {
	story := verdicts()["no-response"]
	story.Answers = []alert.Answer{{Choice: alert.Yes, Late: true}, {Choice: alert.No, Late: true}, {Choice: alert.SomeNot, Late: true}}
	after := story.Record.SettledAt.Add(time.Minute)
	story.Proofs = []alert.Proof{
		{Attempt: 1, Result: alert.ProofTimedOut, DecidedAt: after},
		{Attempt: 2, Result: alert.ProofApproved, DecidedAt: after},
		{Attempt: 3, Result: alert.ProofFraud, DecidedAt: after},
		{Attempt: 4, Result: alert.ProofUnavailable, Reason: "refused_40099", DecidedAt: after},
		{Attempt: 5, Result: alert.ProofPending},
		{Attempt: 6, Result: alert.ProofApproved, DecidedAt: story.Record.SettledAt},
		{Attempt: 7, Result: alert.ProofDenied, DecidedAt: after},
	}
	return story
}

const alice, sam = "Alice Adams (alice@example.com)", "Sam Smith"

var noticeSamples = map[string]struct {
	kind string
	data any
}{
	"policy-loaded": {store.NoticePolicyLoaded, words.PolicyLoaded{Revision: "0123456789ab", By: sam, Changes: []words.PolicyChange{
		{Text: "rule “port scan”: a yes needs no second factor any more", Looser: true},
		{Text: "rule “root shell”: an explanation is required"},
		{Text: "the deadline of low is 3 h instead of 4 h"},
	}}},
	"policy-same":   {store.NoticePolicyLoaded, words.PolicyLoaded{Revision: "0123456789ab", By: sam}},
	"policy-broken": {store.NoticePolicyBroken, words.PolicyBroken{By: sam, Faults: []string{"policy.yaml:12:3: rules[2].mach: is not a key"}}},
	"held":          {store.NoticeHeld, words.Held{Who: alice, Title: "a port scan", Until: noon.Add(66 * time.Hour)}},
	"told":          {store.NoticeTold, words.Told{Who: alice, Title: "a new key for root", Severity: "critical"}},
	"exception": {store.NoticeException, words.Exception{
		By: sam, Who: alice, Detection: "nmap_scan", Scope: `{"host":"db-3"}`, Until: noon.Add(48 * time.Hour), Reason: "the yearly audit <!channel>",
	}},
	"token": {store.NoticeToken, words.Token{
		By: sam, ID: "abcdefghij", Email: "sam@example.com", Scopes: []string{"read", "admin"}, Until: noon.Add(90 * 24 * time.Hour),
	}},
	"token-source": {store.NoticeToken, words.Token{By: "operator root", ID: "abcdefghij", Source: "siem", Scopes: []string{"ingest", "read"}}},
	"withdrawn": {store.NoticeWithdrawn, words.Withdrawn{
		By: sam, Who: alice, Title: "sudo to an interactive shell on db-3", Severity: "high", Reason: "the rule was wrong",
	}},
	"revoked":        {store.NoticeRevoked, words.Revoked{By: sam, Who: alice, Detection: "nmap_scan", Reason: "the audit is over"}},
	"opted-out":      {store.NoticeOptedOut, words.OptedOut{Who: alice, Until: noon.Add(24 * time.Hour), By: store.ActorPerson}},
	"opted-out-by":   {store.NoticeOptedOut, words.OptedOut{Who: alice, Until: noon.Add(240 * time.Hour), By: sam}},
	"opted-in":       {store.NoticeOptedIn, words.OptedIn{Who: alice}},
	"not-ours":       {store.NoticeNotOurs, words.NotOurs{Who: alice, Code: "999"}},
	"paused":         {store.NoticePaused, words.Paused{By: sam, Reason: "a detection went wild"}},
	"resumed":        {store.NoticeResumed, words.Resumed{By: sam}},
	"open-cases":     {store.NoticeOpenCases, openCases(3)},
	"open-cases-25":  {store.NoticeOpenCases, openCases(25)},
	"rollup":         {store.NoticeRollup, rollup("daily")},
	"rollup-hourly":  {store.NoticeRollup, words.Rollup{Period: "hourly", From: noon, To: noon.Add(time.Hour), Open: 1}},
	"log-forked":     {store.NoticeLogForked, words.LogForked{Size: 4711, At: noon, Root: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="}},
	"log-broken":     {store.NoticeLogForked, words.LogForked{}},
	"checkpoint":     {store.NoticeStrangeCheckpoint, words.StrangeCheckpoint{Size: 9000}},
	"of-another-day": {"not_known_here", "nothing"},
	"unreadable":     {store.NoticeHeld, []int{1}},
}

func openCases(count int) words.OpenCases {
	var open words.OpenCases
	for i := range count {
		each := words.OpenCase{Title: fmt.Sprintf("case %d", i+1), Who: alice, Opened: noon.Add(time.Duration(i) * time.Hour)}
		if i%2 == 1 {
			each.AckedBy = sam
		}
		open.Cases = append(open.Cases, each)
	}
	return open
}

func rollup(period string) words.Rollup {
	return words.Rollup{
		Signed: &words.Signed{At: noon, Size: 4711, Root: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="},
		Period: period, From: noon.Add(-24 * time.Hour), To: noon, Open: 2, Suppressed: 7, Observed: 3,
		Verdicts: []words.DetectionVerdicts{
			{Detection: "sudo_interactive", Counts: map[alert.Outcome]int{alert.Confirmed: 12, alert.Denied: 1, alert.NoResponse: 2}},
			{Detection: "nmap_scan", Counts: map[alert.Outcome]int{alert.Suppressed: 7, alert.Observed: 3}},
		},
		Confirmed: []words.Explained{{Title: "a root shell", Who: alice, Explanation: "patching <!here>"}, {Title: "a port scan", Who: alice}},
		OptedOut:  []string{alice}, Exceptions: []words.Excepted{{Who: alice, Detection: "nmap_scan", Until: noon.Add(24 * time.Hour)}},
		Slowest: []words.Slow{{Title: "a root shell", Who: alice, Took: 3 * time.Hour}},
	}
}

// homes are the pages that a person may have.
func homes(t *testing.T, book *words.Book) map[string]chat.Home {
	t.Helper()
	var answered []store.Record
	for _, name := range []string{"confirmed", "denied", "noted", "contradicted", "request"} {
		answered = append(answered, verdicts()[name].Record)
	}
	out := &store.OptOut{Since: noon, Until: noon.Add(20 * time.Hour)}
	return map[string]chat.Home{
		"home":         book.Home([]store.Story{open(), several(2)}, answered, nil, noon, "Europe/Berlin", sealer(t)),
		"home-empty":   book.Home(nil, nil, nil, noon, "", sealer(t)),
		"home-stopped": book.With("the security team of Example", 90*24*time.Hour).Home(nil, answered[:1], out, noon, "Europe/Berlin", sealer(t)),
	}
}

type named[T any] struct {
	name string
	text T
}

// replies are what people get back for what they press and type.
func replies(book *words.Book) []named[string] {
	record, zone := open().Record, "Europe/Berlin"
	waiting := record
	waiting.AskedAt, waiting.QueuedUntil = time.Time{}, noon.Add(time.Hour)
	unproved := planned(func(p *alert.Plan) { p.Unprovable = true }).Record
	noted := planned(func(p *alert.Plan) { p.FactorOff, p.RecordUnproven = true, true }).Record
	title, description := book.TestAlert()
	all := []named[string]{
		{"typed yes", book.TypedAnswer(record, alert.Yes)},
		{"typed yes without a factor", book.TypedAnswer(unproved, alert.Yes)},
		{"typed yes that is noted", book.TypedAnswer(noted, alert.Yes)},
		{"typed no", book.TypedAnswer(record, alert.No)},
		{"typed some", book.TypedAnswer(record, alert.SomeNot)},
		{"typed unsure", book.TypedAnswer(record, alert.NotSure)},
		{"snoozed", book.Snoozed(open())},
		{"push again", book.PushComing(record)},
		{"noted", book.Noted()},
		{"nothing open", book.NothingOpen()},
		{"which one", book.WhichOne()},
		{"not understood", book.NotUnderstood()},
		{"command in a thread", book.CommandInQuestion()},
		{"help", book.Help()},
		{"hi", book.Hi("Alice")},
		{"hi, nameless", book.Hi("")},
		{"status", book.Status([]store.Record{record, record, waiting}, noon, zone)},
		{"status of one", book.Status([]store.Record{record, waiting, waiting}, noon, zone)},
		{"status of none", book.Status(nil, noon, zone)},
		{"verified", book.Verified(noon.Add(-20*time.Hour), record.Title, zone, noon)},
		{"not ours", book.NotOurs("999")},
		{"verify", book.VerifyUsage()},
		{"ignored", book.Ignored(record.Title, 90*time.Minute, "482")},
		{"ignore, unconfirmed", book.IgnoreNeedsConfirmed()},
		{"stopped", book.Stopped(noon.Add(24*time.Hour), noon, zone)},
		{"stopped for long", book.Stopped(noon.Add(240*time.Hour), noon, zone)},
		{"stopped before", book.AlreadyStopped(noon.Add(4*time.Hour), noon, zone)},
		{"started", book.Started()},
		{"not stopped", book.NotStopped()},
		{"lost phone", book.LostPhone()},
		{"lost phone, its case", book.LostPhoneTitle()},
		{"test", book.TestComing()},
		{"test, again", book.TestTooMany()},
		{"test, its title", title},
		{"test, its description", description},
		{"wish to ignore", book.Wish(alert.RequestIgnore, record.Title, 90*time.Minute)},
		{"wish to resolve", book.Wish(alert.RequestResolve, record.Title, 0)},
		{"no responder", book.NotResponder()},
		{"own case", book.OwnCase()},
		{"resolve needs a proof", book.ResolveNeedsProof("482")},
	}
	for _, wrong := range []words.Wrong{words.WrongUsage, words.WrongZero, words.WrongTooLong} {
		all = append(all, named[string]{"ignore, " + string(wrong), book.IgnoreWrong(wrong)})
	}
	for _, refusal := range refusals() {
		all = append(all, named[string]{"refused, " + string(refusal), book.Refused(refusal)})
	}
	return all
}

type promptSample struct {
	name   string
	prompt chat.Prompt
}

func prompts(book *words.Book) []promptSample {
	var all []promptSample
	for _, wish := range []alert.Explaining{"", alert.ExplainRequired} {
		record := planned(func(p *alert.Plan) { p.Explanation = wish }).Record
		for _, choice := range []alert.Choice{alert.Yes, alert.No, alert.SomeNot, alert.NotSure} {
			prompt, _ := book.Explain(record, choice, "token")
			all = append(all, promptSample{strings.TrimSpace(string(choice) + " " + string(wish)), prompt})
		}
	}
	return append(all, promptSample{"resolve", book.ResolvePrompt("token")})
}

type pushSample struct {
	name   string
	prompt factor.Prompt
}

func pushes(book *words.Book) []pushSample {
	return []pushSample{
		{"one", book.Push(open())},
		{"three", book.Push(several(3))},
		{"ignore", book.Push(request(alert.RequestIgnore))},
		{"resolve", book.Push(request(alert.RequestResolve))},
	}
}
