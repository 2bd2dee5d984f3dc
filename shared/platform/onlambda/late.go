package onlambda

import (
	"context"
	"sync"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// lateModel is the local model, read when the first text comes: reading it takes longer than all the rest of a start.
type lateModel struct{ model func() outcome.Model }

func newLateModel() lateModel {
	return lateModel{sync.OnceValue(func() outcome.Model { return localmodel.New() })}
}

// Score is outcome.Model.
func (l lateModel) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	return l.model().Score(ctx, in)
}

// Calibrations is outcome.Model.
func (l lateModel) Calibrations() []outcome.Calibration { return l.model().Calibrations() }

// lateScreener is to the local screener what lateModel is to the model.
type lateScreener struct{ screener func() safety.Screener }

func newLateScreener() lateScreener {
	return lateScreener{sync.OnceValue(func() safety.Screener { return localmodel.NewScreener() })}
}

// Screen is safety.Screener.
func (l lateScreener) Screen(ctx context.Context, in safety.Request) (safety.Screening, error) {
	return l.screener().Screen(ctx, in)
}
