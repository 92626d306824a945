package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"
)

// minToken is the least length of an API token that guards real people.
const minToken = 32

var (
	sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	tokenText  = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`) // RFC 6750
)

// actors are names on a timeline that no source may take.
var actors = []string{"securitybot", "person", "phone", "somebody_else"}

// Token lets one source report alerts.
type Token struct {
	Source string
	Token  Secret
}

// Tokens are all of them. A source may have several, to change one without a gap.
type Tokens []Token

// Source is whose token it is. It takes the same time for every wrong token.
func (t Tokens) Source(token string) (string, bool) {
	given := sha256.Sum256([]byte(token))
	source, ok := "", false
	for _, known := range t {
		digest := sha256.Sum256([]byte(known.Token.Reveal()))
		if subtle.ConstantTimeCompare(given[:], digest[:]) == 1 {
			source, ok = known.Source, true
		}
	}
	return source, ok
}

// tokens reads source=token pairs, separated by commas or, as in a file, lines.
func (r *reader) tokens() Tokens {
	parts := strings.FieldsFunc(r.secret(APITokens).Reveal(), func(c rune) bool { return c == ',' || c == '\n' })
	var tokens Tokens
	for i, part := range parts {
		source, token, ok := strings.Cut(strings.TrimSpace(part), "=")
		source, token = strings.TrimSpace(source), strings.TrimSpace(token)
		switch {
		case !ok || !sourceName.MatchString(source) || !tokenText.MatchString(token):
			r.fault(APITokens, "pair %d is not source=token", i+1)
		case slices.Contains(actors, source):
			r.fault(APITokens, "pair %d: the source can't be called %q, a timeline's own word", i+1, source)
		case slices.ContainsFunc(tokens, func(other Token) bool { return other.Token.Reveal() == token }):
			r.fault(APITokens, "pair %d has the token of another pair", i+1)
		default:
			tokens = append(tokens, Token{Source: source, Token: Secret(token)})
		}
	}
	return tokens
}

// realTokens refuses what may be guessed. It names no source: a pair that was
// written the wrong way round has the token in its place.
func (r *reader) realTokens(tokens Tokens) {
	for i, token := range tokens {
		switch {
		case token.Token.Reveal() == sandboxToken:
			r.fault(APITokens, "pair %d: the sandbox's token is refused with real credentials", i+1)
		case len(token.Token.Reveal()) < minToken:
			r.fault(APITokens, "pair %d: the token is shorter than %d characters", i+1, minToken)
		}
	}
}
