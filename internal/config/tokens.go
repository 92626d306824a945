package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"

	"securitybot/internal/alert"
)

// minToken is the least length of an API token that guards real people.
const minToken = 32

var (
	sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	adminEmail = regexp.MustCompile(`^[^\s@=,;<>"]+@[^\s@=,;<>"]+$`)
	tokenText  = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`) // RFC 6750
)

// Token lets one source report alerts, or one person administer.
type Token struct {
	Source string // the source's name, or the person's email
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

// pair is one name=value of a list.
type pair struct{ name, value string }

// pairs reads name=value pairs, separated by commas or, as in a file, lines. What is
// no pair is empty, so that faults can count.
func (r *reader) pairs(variable string) []pair {
	parts := strings.FieldsFunc(r.secret(variable).Reveal(), func(c rune) bool { return c == ',' || c == '\n' })
	pairs := make([]pair, len(parts))
	for i, part := range parts {
		if name, value, ok := strings.Cut(part, "="); ok {
			pairs[i] = pair{name: strings.TrimSpace(name), value: strings.TrimSpace(value)}
		}
	}
	return pairs
}

func (r *reader) tokens() Tokens {
	var tokens Tokens
	for i, pair := range r.pairs(APITokens) {
		switch {
		case !sourceName.MatchString(pair.name) || !tokenText.MatchString(pair.value):
			r.fault(APITokens, "pair %d is not source=token", i+1)
		case alert.ReservedSource(pair.name):
			r.fault(APITokens, "pair %d: the source can't be called %q, a timeline's own word", i+1, pair.name)
		default:
			tokens = r.add(APITokens, i, tokens, pair)
		}
	}
	return tokens
}

func (r *reader) admins() Tokens {
	var admins Tokens
	for i, pair := range r.pairs(AdminTokens) {
		pair.name = strings.ToLower(pair.name)
		if !adminEmail.MatchString(pair.name) || !tokenText.MatchString(pair.value) {
			r.fault(AdminTokens, "pair %d is not email=token", i+1)
			continue
		}
		admins = r.add(AdminTokens, i, admins, pair)
	}
	return admins
}

// add wants each token to be one's own: who acts must be known.
func (r *reader) add(variable string, i int, tokens Tokens, pair pair) Tokens {
	if tokens.has(pair.value) {
		r.fault(variable, "pair %d has the token of another pair", i+1)
		return tokens
	}
	return append(tokens, Token{Source: pair.name, Token: Secret(pair.value)})
}

func (t Tokens) has(token string) bool {
	return slices.ContainsFunc(t, func(other Token) bool { return other.Token.Reveal() == token })
}

// distinct refuses a detection's token that could administer as well.
func (r *reader) distinct(admins, tokens Tokens) {
	for i, admin := range admins {
		if tokens.has(admin.Token.Reveal()) {
			r.fault(AdminTokens, "pair %d has a token of %s", i+1, APITokens)
		}
	}
}

// realTokens refuses what may be guessed. It names no source: a pair that was
// written the wrong way round has the token in its place.
func (r *reader) realTokens(variable string, tokens Tokens) {
	for i, token := range tokens {
		switch text := token.Token.Reveal(); {
		case text == sandboxToken || text == sandboxAdminToken:
			r.fault(variable, "pair %d: the sandbox's token is refused with real credentials", i+1)
		case len(text) < minToken:
			r.fault(variable, "pair %d: the token is shorter than %d characters", i+1, minToken)
		}
	}
}
