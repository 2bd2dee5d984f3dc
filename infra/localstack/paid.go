package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

// onBedrock are the parameters of a deployment that has texts scored by a paid model.
var onBedrock = []string{"Model=bedrock", "ModelId=eu.anthropic.claude-haiku-4-5-20251001-v1:0", "ModelBudgetUsd=5"}

// paid has texts scored by a model of Bedrock, played by our own fake, since the emulator's answers nothing that can be scored. It is
// then throttled, and then may cost nothing: each time the local model stands in.
func (j *journey) paid(ctx context.Context) error {
	step("a model that is paid for")
	var asked atomic.Int64
	var throttled atomic.Bool
	address, stop, err := serve(ctx, &bedrockfake.Service{Region: region, Converse: func(r bedrockfake.Request) bedrockfake.Answer {
		asked.Add(1)
		if throttled.Load() {
			return bedrockfake.Fails("ThrottlingException")
		}
		return bedrockfake.Honest(r)
	}})
	if err != nil {
		return err
	}
	defer stop()
	err = j.emulator.tell(ctx, "ConsumersScorefeedback", map[string]string{bedrock.Endpoint: address})
	if err != nil {
		return err
	}
	err = j.scoredBy(ctx, 0, "llm", "I feel confident at the bank now.", "llm")
	if err != nil {
		return err
	}
	throttled.Store(true)
	err = j.scoredBy(ctx, 1, "throttled", "I feel confident at the pharmacy now.", "fallback")
	if err != nil {
		return err
	}
	throttled.Store(false)
	before := asked.Load()
	err = j.emulator.tell(ctx, "ConsumersScorefeedback", map[string]string{"MODEL_BUDGET_USD": "0"})
	if err != nil {
		return err
	}
	err = j.scoredBy(ctx, 2, "broke", "I feel confident at the town hall now.", "fallback")
	if err == nil && asked.Load() != before {
		err = fmt.Errorf("the model was asked %d times though it may cost nothing", asked.Load()-before)
	}
	return err
}

// scoredBy delivers a rating and waits until its words are quoted with a score made by method.
func (j *journey) scoredBy(ctx context.Context, number int, id, text, method string) error {
	err := j.rated(ctx, number, id, "participant", text)
	if err != nil {
		return err
	}
	j.texts++
	found, err := j.quoted(ctx, text, whatever)
	if err == nil && found.Method != method {
		err = fmt.Errorf("%s: scored by %s, expected %s", id, found.Method, method)
	}
	if err == nil {
		pass("%s: scored %.3f by %s", id, found.Score, found.Method)
	}
	return err
}

// serve answers on a free port of this machine until it is stopped.
func serve(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// tell gives a function of the stack further settings, as somebody does who changes them by hand, and waits until it has them.
func (e emulator) tell(ctx context.Context, logical string, settings map[string]string) error {
	resources, err := e.resources(ctx)
	if err != nil {
		return err
	}
	client, name := lambda.NewFromConfig(e.config), resources[logical]
	now, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		return fmt.Errorf("read the settings of %s: %w", logical, err)
	}
	all := maps.Clone(now.Environment.Variables)
	maps.Copy(all, settings)
	_, err = client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Environment: &types.Environment{Variables: all}})
	if err != nil {
		return fmt.Errorf("change the settings of %s: %w", logical, err)
	}
	return await(ctx, 30*time.Second, "the settings of "+logical, func() error {
		got, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err == nil && got.LastUpdateStatus == types.LastUpdateStatusInProgress {
			err = fmt.Errorf("its update is in progress")
		}
		return err
	})
}
