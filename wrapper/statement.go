package m3teraccess

import (
	"slices"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A Statement allows or denies actions on resources. [Allow] and [Deny] make one.
//
//	Effect   Effect    required: EffectAllow or EffectDeny
//	Action   []Action  required: what is allowed or denied
//	Resource []string  required, at least one: service:resource-type/item-type/id, item-type being item or group;
//	                   wildcards are allowed, as in config:meter/*
//
// Effects and actions must be lower case when they are sent. Those of answers are handed out in that form, whatever
// the spelling in which the service gave them.
type Statement = gen.Statement

// An Effect says whether a statement allows or denies.
type Effect = gen.Effect

// The effects of a statement.
const (
	EffectAllow Effect = gen.EffectAllow
	EffectDeny  Effect = gen.EffectDeny
)

// An Action is what a statement allows or denies. An action that has no constant here can be sent too, in lower case:
// the service may know more.
type Action = gen.Action

// The actions that m3ter publishes. The service documents the form of the four config actions; that of the others is
// inferred from it.
const (
	All                      Action = gen.ActionAll // every action
	ConfigCreate             Action = gen.ActionConfigCreate
	ConfigRetrieve           Action = gen.ActionConfigRetrieve
	ConfigUpdate             Action = gen.ActionConfigUpdate
	ConfigDelete             Action = gen.ActionConfigDelete
	ConfigExport             Action = gen.ActionConfigExport
	AnalyticsQuery           Action = gen.ActionAnalyticsQuery
	MeasurementsUpload       Action = gen.ActionMeasurementsUpload
	MeasurementsFileupload   Action = gen.ActionMeasurementsFileupload
	MeasurementsRetrieve     Action = gen.ActionMeasurementsRetrieve
	MeasurementsExport       Action = gen.ActionMeasurementsExport
	ForecastRetrieve         Action = gen.ActionForecastRetrieve
	HealthscoresRetrieve     Action = gen.ActionHealthscoresRetrieve
	AnomaliesRetrieve        Action = gen.ActionAnomaliesRetrieve
	ExportsDownload          Action = gen.ActionExportsDownload
	MarketplaceUsageCreate   Action = gen.ActionMarketplaceUsageCreate
	MarketplaceUsageRetrieve Action = gen.ActionMarketplaceUsageRetrieve
	AuditRetrieve            Action = gen.ActionAuditRetrieve
)

// A StatementActions is a statement without its resources: half of a sentence such as
//
//	Allow(ConfigRetrieve).On("config:meter/*")
type StatementActions struct {
	effect  Effect
	actions []Action
}

// Allow begins a statement that allows actions.
func Allow(actions ...Action) StatementActions { return StatementActions{EffectAllow, actions} }

// Deny begins a statement that denies actions.
func Deny(actions ...Action) StatementActions { return StatementActions{EffectDeny, actions} }

// On ends the statement with the resources that it is about.
func (s StatementActions) On(resources ...string) Statement {
	return Statement{Effect: s.effect, Action: s.actions, Resource: resources}
}

// Sendable returns statements in the form in which they can be sent, such as those that were read by [Client.Do]. Those
// that the other methods answer are in that form already.
func Sendable(statements []Statement) []Statement {
	sendable := slices.Clone(statements)
	for i := range sendable {
		sendable[i].Action = slices.Clone(sendable[i].Action)
	}
	canonicalize(sendable)
	return sendable
}

// canonicalize brings the statements of an answer into the form in which they can be sent.
func canonicalize(statements []Statement) {
	for i := range statements {
		statements[i].Effect = Effect(canonical(string(statements[i].Effect)))
		for j, action := range statements[i].Action {
			statements[i].Action[j] = Action(canonical(string(action)))
		}
	}
}

// canonical turns the upper-case spelling of answers into the one of requests: CONFIG_CREATE into config:create. What
// holds no upper-case letter already can be sent, and is left alone.
func canonical(value string) string {
	if known, ok := canonicalOf[value]; ok {
		return known
	}
	if !hasUpper(value) {
		return value
	}
	return strings.ReplaceAll(strings.ToLower(value), "_", ":")
}

// canonicalOf has the canonical form of each published spelling, so that the hundreds of them in a page need no memory.
var canonicalOf = func() map[string]string {
	known := make(map[string]string)
	for _, value := range []string{
		string(EffectAllow), string(EffectDeny),
		string(All), string(ConfigCreate), string(ConfigRetrieve), string(ConfigUpdate), string(ConfigDelete), string(ConfigExport),
		string(AnalyticsQuery), string(MeasurementsUpload), string(MeasurementsFileupload), string(MeasurementsRetrieve),
		string(MeasurementsExport), string(ForecastRetrieve), string(HealthscoresRetrieve), string(AnomaliesRetrieve),
		string(ExportsDownload), string(MarketplaceUsageCreate), string(MarketplaceUsageRetrieve), string(AuditRetrieve),
	} {
		known[strings.ToUpper(strings.ReplaceAll(value, ":", "_"))] = value
	}
	return known
}()

// hasUpper is the document's pattern for what is refused in a request.
func hasUpper(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return 'A' <= r && r <= 'Z' })
}
